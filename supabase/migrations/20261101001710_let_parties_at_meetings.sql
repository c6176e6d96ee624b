-- Who may do what to a meeting: the client and the operator read it, either of them plans one with the other, the
-- operator changes it. Nobody deletes one; it is cancelled. The two policies for reading have the names that apps know.

-- Security definer, all three: an app's own policies on `clients` may show someone more records than are theirs, or
-- fewer.
create or replace function private.my_client_ids()
returns setof uuid
language sql
stable
security definer
set search_path = ''
as $$
  select c.id from public.clients c where c.auth_user_id = auth.uid()
$$;
create or replace function private.operated_client_ids()
returns setof uuid
language sql
stable
security definer
set search_path = ''
as $$
  select c.id from public.clients c where c.operator_id = auth.uid()
$$;
create or replace function private.my_operator_id(client uuid)
returns uuid
language sql
stable
security definer
set search_path = ''
as $$
  select c.operator_id from public.clients c where c.id = client and c.auth_user_id = auth.uid()
$$;
revoke execute on function private.my_client_ids(), private.operated_client_ids(), private.my_operator_id(uuid)
  from public, anon;
grant execute on function private.my_client_ids(), private.operated_client_ids(), private.my_operator_id(uuid)
  to authenticated;

drop policy if exists meetings_select_owner on public.meetings;
create policy meetings_select_owner on public.meetings
  for select to authenticated
  using (client_id = any (array(select private.my_client_ids())));
drop policy if exists meetings_select_operator on public.meetings;
create policy meetings_select_operator on public.meetings
  for select to authenticated
  using (operator_id = (select auth.uid()));
drop policy if exists "Overdue meetings wait for the sweep" on public.meetings;
create policy "Overdue meetings wait for the sweep" on public.meetings
  as restrictive for select to authenticated
  using (status in ('completed', 'cancelled')
    or coalesce(started_at, scheduled_at) >= (select private.overdue_before()));

drop policy if exists meetings_insert_authenticated on public.meetings;
create policy meetings_insert_authenticated on public.meetings
  for insert to authenticated
  with check ((operator_id = (select auth.uid()) and client_id = any (array(select private.operated_client_ids()))
      or operator_id = private.my_operator_id(client_id))
    and status = 'scheduled' and started_at is null and ended_at is null and duration_seconds is null
    and session_id is null and recording_url is null and transcript_url is null);
drop policy if exists meetings_update_operator on public.meetings;
create policy meetings_update_operator on public.meetings
  for update to authenticated
  using (operator_id = (select auth.uid())) with check (operator_id = (select auth.uid()));
