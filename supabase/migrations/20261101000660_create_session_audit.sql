-- Who did what to which session, and when: a row for every change of a session or of the people in it, written by
-- triggers, whichever way the change came. Its host and admins read it; nobody writes, changes or deletes a row, not
-- even the service. It names the columns that changed and never holds their values: no link, no passcode, no text.

create table if not exists public.session_audit (
  id uuid primary key default gen_random_uuid(),
  -- The table of the session. No foreign keys: the trail outlives sessions and accounts.
  family text not null,
  session_id uuid not null,
  host_id uuid not null,
  -- Null for the service on its own account, and for guests.
  actor_id uuid,
  actor_role text not null,
  action text not null,
  details jsonb not null,
  created_at timestamptz not null default clock_timestamp()
);
create index if not exists session_audit_session_id_idx on public.session_audit (session_id, created_at);
create index if not exists session_audit_host_id_idx on public.session_audit (host_id, created_at);
alter table public.session_audit enable row level security;
revoke all on public.session_audit from public, anon, authenticated, service_role;
grant select on public.session_audit to authenticated, service_role;

drop policy if exists "Hosts read the trail of their sessions, admins every trail" on public.session_audit;
create policy "Hosts read the trail of their sessions, admins every trail" on public.session_audit
  for select to authenticated
  using (host_id between (select private.first_readable_host()) and (select private.last_readable_host()));

-- For the service, whose table grants and policies are no obstacle. The owner, as which the triggers write, is
-- let through only to insert.
create or replace function private.guard_session_audit()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if tg_op <> 'INSERT' or current_user in ('anon', 'authenticated', 'service_role') then
    perform private.refuse(403, 'audit_is_read_only', 'The audit trail cannot be written');
  end if;
  return new;
end
$$;
revoke execute on function private.guard_session_audit() from public, anon, authenticated;
create or replace trigger session_audit_guard before insert or update or delete on public.session_audit
  for each row execute function private.guard_session_audit();

create or replace function private.write_audit(
  family text, session_id uuid, host_id uuid, action text, details jsonb)
returns void
language sql
set search_path = ''
as $$
  insert into public.session_audit (family, session_id, host_id, actor_id, actor_role, action, details)
  values (family, session_id, host_id,
    private.acting_user(),
    -- The role of the request; current_user is the owner here.
    coalesce(nullif(current_setting('role', true), 'none'), 'owner'), action, jsonb_strip_nulls(details))
$$;
revoke execute on function private.write_audit(text, uuid, uuid, text, jsonb) from public, anon, authenticated;

-- The names of the columns in which two states of a row differ, without those that the database keeps for itself, and
-- without the microphone, which comes and goes too often to be of note.
create or replace function private.changed_columns(before jsonb, after jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_agg(new.key order by new.key) from jsonb_each(after) as new
  where new.value is distinct from before -> new.key and new.key not in ('updated_at', 'registered_users', 'is_muted')
$$;
revoke execute on function private.changed_columns(jsonb, jsonb) from public, anon, authenticated;

-- Trigger on a table of sessions, after INSERT, UPDATE and DELETE. Argument: the column with the host. The action is
-- created, changed, deleted, or the new status. Security definer, as the next: nobody else writes the trail.
create or replace function private.audit_session()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  before constant jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  after constant jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  session constant jsonb := coalesce(after, before);
  changed constant jsonb := case when tg_op = 'UPDATE' then private.changed_columns(before, after) end;
  moved constant boolean := tg_op = 'UPDATE' and before -> 'status' is distinct from after -> 'status';
begin
  if tg_op = 'UPDATE' and changed is null then
    return null;
  end if;
  perform private.write_audit(tg_table_name, (session ->> 'id')::uuid, (session ->> tg_argv[0])::uuid,
    case when moved then after ->> 'status'
      else case tg_op when 'INSERT' then 'created' when 'DELETE' then 'deleted' else 'changed' end end,
    jsonb_build_object('changed', changed, 'from', case when moved then before -> 'status' end));
  return null;
end
$$;
revoke execute on function private.audit_session() from public, anon, authenticated;

-- Trigger on a table of the people in sessions, after INSERT, UPDATE and DELETE. Arguments: the table of the sessions,
-- its column with the host, and this table's column with the session's id.
create or replace function private.audit_participant()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  before constant jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  after constant jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  participant constant jsonb := coalesce(after, before);
  session_id constant uuid := participant ->> tg_argv[2];
  changed constant jsonb := case when tg_op = 'UPDATE' then private.changed_columns(before, after) end;
  host uuid;
begin
  execute format('select %I from public.%I where id = $1', tg_argv[1], tg_argv[0]) into host using session_id;
  -- Gone with its session: that is in the trail.
  if host is null or (tg_op = 'UPDATE' and changed is null) then
    return null;
  end if;
  perform private.write_audit(tg_argv[0], session_id, host,
    case tg_op when 'INSERT' then 'participant_added' when 'DELETE' then 'participant_removed'
      else 'participant_changed' end,
    jsonb_build_object('user_id', participant -> 'user_id', 'participant_id', participant -> 'id', 'changed', changed));
  return null;
end
$$;
revoke execute on function private.audit_participant() from public, anon, authenticated;
