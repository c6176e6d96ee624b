-- How often a person may do what costs others is counted here, for all workers alike: what a worker remembers, the next
-- one does not know. A count and the end of its period are one row, written in one statement, so that parallel requests gain nothing.

create table if not exists private.rate_limits (
  -- What is counted, of whom: 'invitations <user>', for example.
  subject text primary key,
  used integer not null,
  ends_at timestamptz not null
);
create index if not exists rate_limits_ends_at_idx on private.rate_limits (ends_at);
alter table private.rate_limits enable row level security;
revoke all on private.rate_limits from public, anon, authenticated;
grant select, insert, update, delete on private.rate_limits to service_role;

-- Counts `amount` uses in a period that begins with the first of them.
create or replace function private.count_uses(subject text, amount integer, period interval)
returns private.rate_limits
language sql
set search_path = ''
as $$
  insert into private.rate_limits as known (subject, used, ends_at)
    values (count_uses.subject, amount, clock_timestamp() + period)
    on conflict on constraint rate_limits_pkey do update
      set used = case when known.ends_at <= clock_timestamp() then 0 else known.used end + excluded.used,
        ends_at = case when known.ends_at <= clock_timestamp() then excluded.ends_at else known.ends_at end
    returning known.*
$$;
revoke execute on function private.count_uses(text, integer, interval) from public, anon, authenticated;
grant execute on function private.count_uses(text, integer, interval) to service_role;

-- Counts uses of which there are `most` in a period. Beyond that it refuses with 429 and the seconds until the period
-- ends, which undoes the count of what is refused.
create or replace function private.spend(
  subject text, amount integer, most integer, period interval, code text, message text)
returns void
language plpgsql
set search_path = ''
as $$
declare
  spent constant private.rate_limits := private.count_uses(subject, amount, period);
begin
  if spent.used > most then
    perform private.refuse(429, code, message, null,
      greatest(1, ceil(extract(epoch from spent.ends_at - clock_timestamp()))::integer));
  end if;
end
$$;
revoke execute on function private.spend(text, integer, integer, interval, text, text) from public, anon, authenticated;
grant execute on function private.spend(text, integer, integer, interval, text, text) to service_role;
