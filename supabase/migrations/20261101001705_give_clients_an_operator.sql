-- A meeting is between an operator and one of their own clients, so the database has to know whose client someone is.
-- That is a column of `clients`, also of an app's own, next to an index for the sign-in of the client. The project sets
-- it as the service, or an operator by adding a client of theirs; nobody hands a client over through the API, whatever
-- policies the app has: whoever could, would choose whom they can meet.

alter table public.clients
  add column if not exists operator_id uuid references public.operators (id) on delete set null;
create index if not exists clients_operator_id_idx on public.clients (operator_id);

do $migration$
begin
  -- Ours is unique there; an app's own may have any index, or none.
  if not exists (
    select from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
    where i.indrelid = 'public.clients'::regclass and a.attname = 'auth_user_id' and i.indpred is null) then
    create index clients_auth_user_id_idx on public.clients (auth_user_id);
  end if;
end
$migration$;

create or replace function private.guard_client()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if current_user in ('anon', 'authenticated') and new.operator_id is distinct from auth.uid()
      and new.operator_id is not null then
    perform private.refuse(403, 'operator_frozen', 'Nobody chooses a client''s operator', 'operator_id');
  end if;
  -- Whoever could, would read the meetings of whom they took over.
  if tg_op = 'UPDATE' and old.auth_user_id is not null and new.auth_user_id is distinct from old.auth_user_id then
    perform private.refuse(403, 'column_frozen', 'auth_user_id of clients cannot be changed', 'auth_user_id');
  end if;
  return new;
end
$$;
revoke execute on function private.guard_client() from public, anon, authenticated;
create or replace trigger convene_guard_client before insert on public.clients
  for each row execute function private.guard_client();
create or replace trigger convene_freeze_operator before update on public.clients
  for each row execute function private.freeze_columns('operator_id');

-- Whether its operator is still the client's. Security definer: an app's own policies on `clients` may hide the client.
create or replace function private.is_own_meeting(meeting public.meetings)
returns boolean
language sql
stable
security definer
set search_path = ''
as $$
  select exists (select from public.clients c where c.id = meeting.client_id and c.operator_id = meeting.operator_id)
$$;
revoke execute on function private.is_own_meeting(public.meetings) from public, anon;
grant execute on function private.is_own_meeting(public.meetings) to authenticated, service_role;
