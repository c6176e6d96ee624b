-- A meeting takes place in a room at OpenVidu, whose name is random: a meeting's id may be chosen by whoever plans it, and
-- would name a room of somebody else on the same server. It is opened by whoever joins, and closed for good when the
-- meeting is over. What the room's server is asked, the functions ask; who may join, start and
-- end a meeting is decided here.

-- What is known of a meeting's room.
create table if not exists private.meeting_rooms (
  meeting_id uuid primary key references public.meetings (id) on delete cascade,
  -- When somebody last got a token.
  admitted_at timestamptz,
  -- When the operator sent the client out, who stays out until readmitted.
  client_removed_at timestamptz,
  -- Since when nobody is in the room of a meeting that goes on, as far as the room's server told.
  empty_since timestamptz,
  -- When the room was gone for good, which ended the meeting.
  finished_at timestamptz,
  -- Of the recording that the meeting has: an older one does not replace it.
  recorded_at timestamptz
);
create index if not exists meeting_rooms_empty_since_idx on private.meeting_rooms (empty_since)
  where empty_since is not null;
alter table private.meeting_rooms enable row level security;
revoke all on private.meeting_rooms from public, anon, authenticated;
grant select, insert, update on private.meeting_rooms to service_role;

-- Who was there, as the room's server told.
create table if not exists public.meeting_attendance (
  meeting_id uuid not null references public.meetings (id) on delete cascade,
  -- One for each time that somebody came.
  connection_id text not null check (char_length(connection_id) <= 255),
  -- No foreign key: whoever was there was there, also when their account is gone.
  user_id uuid,
  joined_at timestamptz,
  left_at timestamptz,
  primary key (meeting_id, connection_id)
);
alter table public.meeting_attendance enable row level security;
revoke all on public.meeting_attendance from public, anon, authenticated, service_role;
grant select on public.meeting_attendance to authenticated;
grant all on public.meeting_attendance to service_role;
drop policy if exists "Operators read who attended" on public.meeting_attendance;
create policy "Operators read who attended" on public.meeting_attendance
  for select to authenticated
  using (meeting_id = any (array(select m.id from public.meetings m where m.operator_id = (select auth.uid()))));

-- From then on the operator's join starts the meeting; earlier, they try the room out.
create or replace function private.meeting_opens_at(scheduled_at timestamptz)
returns timestamptz
language sql
stable
set search_path = ''
as $$
  select scheduled_at - interval '15 minutes'
$$;
revoke execute on function private.meeting_opens_at(timestamptz) from public, anon, authenticated;

-- The caller's meeting, locked, so that of a join and an end one comes first.
create or replace function private.my_meeting(meeting_id uuid)
returns public.meetings
language plpgsql
set search_path = ''
as $$
declare
  meeting public.meetings;
begin
  select m.* into meeting from public.meetings m
    where m.id = my_meeting.meeting_id
      and (m.operator_id = auth.uid() or m.client_id = any (array(select private.my_client_ids())))
    for no key update;
  if not found then
    perform private.refuse(404, 'meeting_not_found', 'You have no such meeting', 'meetingId');
  end if;
  return meeting;
end
$$;
revoke execute on function private.my_meeting(uuid) from public, anon, authenticated;

create or replace function private.my_operated_meeting(meeting_id uuid)
returns public.meetings
language plpgsql
set search_path = ''
as $$
declare
  meeting constant public.meetings := private.my_meeting(meeting_id);
begin
  if meeting.operator_id <> auth.uid() then
    perform private.refuse(403, 'not_the_operator', 'Only the operator starts and ends a meeting');
  end if;
  return meeting;
end
$$;
revoke execute on function private.my_operated_meeting(uuid) from public, anon, authenticated;

-- The meeting with a room, which nobody enters once it is over, or when the operator is not the client's any more.
create or replace function private.open_room(meeting public.meetings)
returns public.meetings
language plpgsql
set search_path = ''
as $$
begin
  if meeting.status not in ('scheduled', 'in_progress')
      or coalesce(meeting.started_at, meeting.scheduled_at) < private.overdue_before() then
    perform private.refuse(409, 'meeting_closed', 'This meeting is over or cancelled');
  elsif not private.is_own_meeting(meeting) then
    perform private.refuse(409, 'operator_changed', 'The client has another operator now, with whom to plan a meeting');
  end if;
  if meeting.session_id is null then
    update public.meetings m set session_id = gen_random_uuid() where m.id = meeting.id returning m.* into meeting;
  end if;
  return meeting;
end
$$;
revoke execute on function private.open_room(public.meetings) from public, anon, authenticated;

-- Planning. Security definer, as the other calls of this file: writes keys, rooms and what clients may not write of a
-- meeting, and asks for the right to itself, of auth.uid().
create or replace function public.create_meeting(
  client_id uuid, title text, description text, scheduled_at timestamptz, idempotency_key text)
returns jsonb
language plpgsql
security definer
set search_path = ''
set timezone = 'UTC'
as $$
declare
  caller constant uuid := auth.uid();
  taken private.idempotency_keys;
  party public.clients;
  meeting public.meetings;
begin
  taken := private.take_idempotency_key(caller, 'create-meeting', idempotency_key,
    jsonb_build_object('client_id', client_id, 'title', title, 'description', description, 'scheduled_at', scheduled_at));
  if taken.resource_id is not null then
    select m.* into meeting from public.meetings m where m.id = taken.resource_id
      and (m.operator_id = caller or m.client_id in (select private.my_client_ids()));
    if not found then
      perform private.refuse_spent_key();
    end if;
    return jsonb_build_object('meeting', to_jsonb(meeting));
  end if;
  -- A client need not say who they are.
  select c.* into party from public.clients c
    where case when create_meeting.client_id is null then c.auth_user_id = caller
      else c.id = create_meeting.client_id and caller in (c.operator_id, c.auth_user_id) end
    order by c.operator_id is null, c.id limit 1;
  if not found then
    perform private.refuse(404, 'client_not_found', 'You have no such client', 'clientId');
  elsif party.operator_id is null then
    perform private.refuse(409, 'no_operator', 'This client has no operator yet', 'clientId');
  end if;
  insert into public.meetings (client_id, operator_id, title, description, scheduled_at)
    values (party.id, party.operator_id, create_meeting.title, create_meeting.description,
      create_meeting.scheduled_at)
    returning * into meeting;
  perform private.settle_idempotency_key(taken, meeting.id);
  return jsonb_build_object('meeting', to_jsonb(meeting));
end
$$;

-- An operator who came early to try the room out, and stayed.
create or replace function private.operator_is_there(meeting public.meetings)
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (select from public.meeting_attendance a
    where a.meeting_id = meeting.id and a.user_id = meeting.operator_id and a.joined_at is not null
      and a.left_at is null)
$$;
revoke execute on function private.operator_is_there(public.meetings) from public, anon, authenticated;

-- What a token for the room needs to say. It is made by the function and stored nowhere.
create or replace function public.join_meeting(meeting_id uuid, clients_wait boolean)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  meeting public.meetings := private.open_room(private.my_meeting(join_meeting.meeting_id));
  operates constant boolean := meeting.operator_id = auth.uid();
  starts constant boolean := private.meeting_opens_at(meeting.scheduled_at) <= now()
    and (operates or private.operator_is_there(meeting));
begin
  if not operates and exists (select from private.meeting_rooms r
      where r.meeting_id = meeting.id and r.client_removed_at is not null) then
    perform private.refuse(403, 'removed', 'The operator removed you from this meeting');
  elsif not operates and not starts and meeting.status = 'scheduled' then
    if clients_wait then
      perform private.refuse(409, 'waiting_for_operator', 'The meeting begins when its operator joins', null, 5);
    elsif private.meeting_opens_at(meeting.scheduled_at) > now() then
      perform private.refuse(409, 'too_early', 'The meeting can be joined shortly before it begins', null,
        least(extract(epoch from private.meeting_opens_at(meeting.scheduled_at) - now()), 86400)::integer);
    end if;
  end if;
  perform private.spend(format('joins %s %s', auth.uid(), meeting.id), 1, 30, interval '1 minute', 'too_many_joins',
    'You have joined this meeting too often; try again in a minute');
  if starts and meeting.status = 'scheduled' then
    update public.meetings m set status = 'in_progress' where m.id = meeting.id;
  end if;
  insert into private.meeting_rooms as known (meeting_id, admitted_at) values (meeting.id, now())
    on conflict on constraint meeting_rooms_pkey do update set admitted_at = excluded.admitted_at;
  return jsonb_build_object('session_id', meeting.session_id, 'role',
    case when operates then 'operator' else 'client' end,
    -- An app's own profiles may have no such column.
    'name', (select to_jsonb(p) ->> 'full_name' from public.profiles p where p.id = auth.uid()));
end
$$;

-- Before the room is opened: whether the caller may, and what it is called.
create or replace function public.open_meeting_room(meeting_id uuid)
returns jsonb
language sql
security definer
set search_path = ''
as $$
  select jsonb_build_object('session_id',
    (private.open_room(private.my_operated_meeting(open_meeting_room.meeting_id))).session_id)
$$;

create or replace function public.start_meeting(meeting_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
set timezone = 'UTC'
as $$
declare
  meeting public.meetings := private.open_room(private.my_operated_meeting(start_meeting.meeting_id));
begin
  if meeting.status = 'scheduled' then
    update public.meetings m set status = 'in_progress' where m.id = meeting.id returning m.* into meeting;
  end if;
  return jsonb_build_object('meeting', to_jsonb(meeting));
end
$$;

-- The meeting is over for everybody at once. `effect` is what is left to do at OpenVidu, leased to the caller; `closing` says
-- that somebody else does it, or did not manage yet.
create or replace function public.end_meeting(meeting_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
set timezone = 'UTC'
as $$
declare
  meeting public.meetings := private.my_operated_meeting(end_meeting.meeting_id);
  effect jsonb;
begin
  if meeting.status = 'cancelled' then
    perform private.refuse(409, 'invalid_transition', 'This meeting is cancelled');
  elsif meeting.status = 'scheduled' and meeting.scheduled_at > now() then
    perform private.refuse(409, 'invalid_transition', 'This meeting is still to come: cancel it instead');
  elsif meeting.status <> 'completed' then
    update public.meetings m set status = 'completed' where m.id = meeting.id returning m.* into meeting;
  end if;
  select private.lease_effect(o.id) into effect from private.outbox o
    where o.kind = 'openvidu.close_room' and o.host_id = meeting.operator_id and o.status = 'pending'
      and o.available_at <= now() and o.payload ->> 'room' = meeting.session_id
    order by o.created_at limit 1;
  return jsonb_build_object('meeting', to_jsonb(meeting), 'effect', effect, 'closing', exists (
    select from private.outbox o
    where o.kind = 'openvidu.close_room' and o.host_id = meeting.operator_id and o.status = 'pending'
      and o.payload ->> 'room' = meeting.session_id and not o.payload ? 'again'));
end
$$;
-- Keeps the client out, who may still have a token for two minutes: whoever removes them sends them out of the room too,
-- with what their own token lets them do at OpenVidu.
create or replace function public.remove_from_meeting(meeting_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  meeting constant public.meetings := private.my_operated_meeting(remove_from_meeting.meeting_id);
begin
  insert into private.meeting_rooms as known (meeting_id, client_removed_at) values (meeting.id, now())
    on conflict on constraint meeting_rooms_pkey do update set client_removed_at = excluded.client_removed_at;
  return jsonb_build_object('status', 'removed');
end
$$;

create or replace function public.readmit_to_meeting(meeting_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  meeting constant public.meetings := private.my_operated_meeting(readmit_to_meeting.meeting_id);
begin
  update private.meeting_rooms r set client_removed_at = null where r.meeting_id = meeting.id;
  return jsonb_build_object('status', 'readmitted');
end
$$;
revoke execute on function public.remove_from_meeting(uuid), public.readmit_to_meeting(uuid)
  from public, anon, service_role;
grant execute on function public.remove_from_meeting(uuid), public.readmit_to_meeting(uuid) to authenticated;
revoke execute on function public.create_meeting(uuid, text, text, timestamptz, text),
  public.join_meeting(uuid, boolean), public.open_meeting_room(uuid), public.start_meeting(uuid), public.end_meeting(uuid) from public, anon, service_role;
grant execute on function public.create_meeting(uuid, text, text, timestamptz, text),
  public.join_meeting(uuid, boolean), public.open_meeting_room(uuid), public.start_meeting(uuid), public.end_meeting(uuid) to authenticated;

-- The room of a meeting that is over is closed at once, and once more when nobody can enter with an old token any more:
-- whoever has one would open it again. A token lives two minutes, and LiveKit gives those who are connected one for ten.
create or replace function private.close_room(meeting public.meetings)
returns void
language sql
set search_path = ''
as $$
  insert into private.outbox (kind, host_id, payload, available_at)
  select 'openvidu.close_room', meeting.operator_id,
    jsonb_build_object('room', meeting.session_id, 'meeting_id', meeting.id) || closing.mark, now() + closing.delay
  from (values (interval '0', jsonb '{}'), (interval '15 minutes', '{"again": true}')) as closing (delay, mark)
$$;
revoke execute on function private.close_room(public.meetings) from public, anon, authenticated;
grant execute on function private.close_room(public.meetings) to service_role;

-- Security definer: the operator's app ends and cancels meetings through PostgREST, and no client writes the outbox.
create or replace function private.close_meeting_room()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.close_room(old);
  update private.meeting_rooms r set empty_since = null where r.meeting_id = old.id and r.empty_since is not null;
  return null;
end
$$;
revoke execute on function private.close_meeting_room() from public, anon, authenticated;
create or replace trigger meetings_close_room after update of status on public.meetings
  for each row
  when (old.session_id is not null and old.status in ('scheduled', 'in_progress')
    and new.status in ('completed', 'cancelled'))
  execute function private.close_meeting_room();
create or replace trigger meetings_close_deleted_room after delete on public.meetings
  for each row when (old.session_id is not null and old.status in ('scheduled', 'in_progress'))
  execute function private.close_meeting_room();
