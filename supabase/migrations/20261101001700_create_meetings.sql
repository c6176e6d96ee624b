-- The meetings of the operator and client app. Lists, planning, moving and cancelling go through PostgREST; rooms,
-- recordings and what a meeting came to are known to the functions and webhooks alone, so their columns are closed to
-- clients. Times that nobody reports are set when the status moves.

create table if not exists public.meetings (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null references public.clients (id) on delete cascade,
  operator_id uuid not null references public.operators (id) on delete cascade,
  title text not null,
  description text,
  scheduled_at timestamptz not null,
  started_at timestamptz,
  ended_at timestamptz,
  duration_seconds integer check (duration_seconds >= 0),
  session_id text check (char_length(session_id) <= 255),
  status text not null default 'scheduled' check (status in ('scheduled', 'in_progress', 'completed', 'cancelled')),
  recording_url text check (char_length(recording_url) <= 2048),
  transcript_url text check (char_length(transcript_url) <= 2048),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- The sweep goes by the start.
  check (started_at is null or status <> 'scheduled')
);
create index if not exists idx_meetings_client_id on public.meetings (client_id, scheduled_at);
create index if not exists idx_meetings_operator_id on public.meetings (operator_id, scheduled_at);
create index if not exists idx_meetings_status on public.meetings (status, scheduled_at);
create index if not exists idx_meetings_scheduled_at on public.meetings (scheduled_at);
-- By this, what a room's server tells finds its meeting.
create unique index if not exists meetings_session_id_idx on public.meetings (session_id) where session_id is not null;
create index if not exists meetings_open_idx on public.meetings ((coalesce(started_at, scheduled_at)))
  where status in ('scheduled', 'in_progress');

alter table public.meetings enable row level security;
revoke all on public.meetings from public, anon, authenticated, service_role;
grant select, insert (client_id, operator_id, title, description, scheduled_at, status),
  update (title, description, scheduled_at, status)
  on public.meetings to authenticated;
grant all on public.meetings to service_role;

-- Security definer: no client writes the counts.
create or replace function private.count_meeting(client uuid)
returns void
language sql
security definer
set search_path = ''
as $$
  select private.spend(format('meetings %s %s', auth.uid(), client), 1, 20, interval '1 hour', 'too_many_meetings',
    'You have planned twenty meetings within an hour; try again later')
$$;
revoke execute on function private.count_meeting(uuid) from public, anon;
grant execute on function private.count_meeting(uuid) to authenticated, service_role;

-- Told as a 422 that names the field, where a CHECK would be an anonymous error.
create or replace function private.guard_meeting()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
  refused constant text[] := case
    when not private.is_visible_line(new.title, 200)
      then array['title', 'title is one line of 1 to 200 characters']
    when not private.is_plain_text(new.description, 2000)
      then array['description', 'description is plain text of at most 2000 characters']
    when new.scheduled_at is null or not isfinite(new.scheduled_at)
        or new.scheduled_at > now() + interval '10 years'
      then array['scheduled_at', 'scheduled_at is a date and time within ten years']
  end;
begin
  if refused is not null then
    perform private.refuse(422, 'invalid_field', refused[2], refused[1]);
  end if;
  if tg_op = 'UPDATE' and current_user in ('anon', 'authenticated') and new.scheduled_at <> old.scheduled_at
      and old.status <> 'scheduled' then
    perform private.refuse(409, 'invalid_transition', 'Only a meeting that is still to come is moved', 'scheduled_at');
  end if;
  if tg_op = 'INSERT' and auth.uid() is not null then
    perform private.count_meeting(new.client_id);
  elsif tg_op = 'UPDATE' and current_user in ('anon', 'authenticated') and not private.is_own_meeting(new)
      and (new.status not in ('completed', 'cancelled')
        or (new.title, new.description, new.scheduled_at) is distinct from (old.title, old.description, old.scheduled_at))
  then
    perform private.refuse(403, 'operator_changed', 'The client has another operator now; this meeting can only be closed');
  end if;
  return new;
end
$$;
revoke execute on function private.guard_meeting() from public, anon, authenticated;

create or replace function private.stamp_meeting()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if new.status = 'in_progress' and old.status = 'scheduled' then
    new.started_at := coalesce(new.started_at, now());
  elsif new.status = 'completed' and old.status = 'in_progress' then
    new.ended_at := coalesce(new.ended_at, now());
    -- How long one took that nobody ended, is not known.
    if new.started_at >= private.overdue_before() then
      new.duration_seconds := coalesce(new.duration_seconds,
        greatest(0, extract(epoch from new.ended_at - new.started_at)::integer));
    end if;
  end if;
  return new;
end
$$;
revoke execute on function private.stamp_meeting() from public, anon, authenticated;

-- Triggers fire in the order of their names: what a client may not change is looked at before the stamps change it.
create or replace trigger meetings_freeze before update on public.meetings
  for each row execute function private.freeze_columns('id', 'client_id', 'operator_id', 'started_at', 'ended_at',
    'duration_seconds', 'session_id', 'recording_url', 'transcript_url', 'created_at');
create or replace trigger meetings_guard before insert or update on public.meetings
  for each row execute function private.guard_meeting();
create or replace trigger meetings_lifecycle before update of status on public.meetings
  for each row execute function
    private.guard_lifecycle('scheduled', 'in_progress', 'completed', 'cancelled', 'scheduled_at');
create or replace trigger meetings_stamp before update of status on public.meetings
  for each row execute function private.stamp_meeting();
create or replace trigger meetings_touch_updated_at before update on public.meetings
  for each row execute function private.touch_updated_at();
create or replace trigger meetings_audit after insert or update or delete on public.meetings
  for each row execute function private.audit_session('operator_id');
