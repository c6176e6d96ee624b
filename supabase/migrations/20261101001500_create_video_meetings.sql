-- The meetings of the tutoring app: a tutor and a student meet behind an ID and a passcode. The two of them, and
-- admins, read the row, passcode and all; everything else is done by functions, so no client has a way to write, and
-- someone who was only given ID and passcode never reads these tables.

create table if not exists public.video_meetings (
  id uuid primary key default gen_random_uuid(),
  meeting_id text not null unique check (meeting_id ~ '^MID-[A-Z0-9]{16}$'),
  passcode text not null check (passcode ~ '^[0-9]{6}$'),
  booking_id uuid references public.bookings (id) on delete set null,
  tutor_id uuid not null references public.profiles (id) on delete cascade,
  student_id uuid not null references public.profiles (id) on delete cascade,
  scheduled_start timestamptz not null,
  scheduled_end timestamptz not null,
  status text not null default 'pending' check (status in ('pending', 'active', 'completed', 'cancelled')),
  recording_url text check (char_length(recording_url) <= 2048),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index if not exists video_meetings_tutor_id_idx on public.video_meetings (tutor_id, scheduled_start);
create index if not exists video_meetings_student_id_idx on public.video_meetings (student_id, scheduled_start);
create index if not exists video_meetings_booking_id_idx on public.video_meetings (booking_id);
create index if not exists video_meetings_open_idx on public.video_meetings (scheduled_start)
  where status in ('pending', 'active');

create table if not exists public.video_participants (
  id uuid primary key default gen_random_uuid(),
  meeting uuid not null references public.video_meetings (id) on delete cascade,
  -- Null for guests without an account.
  user_id uuid references public.profiles (id) on delete cascade,
  user_type text not null check (user_type in ('tutor', 'student', 'guest')),
  session_id text check (char_length(session_id) <= 255),
  is_muted boolean not null default false,
  joined_at timestamptz not null default now(),
  left_at timestamptz,
  -- Guests whom the tutor put out stay out.
  removed_at timestamptz,
  unique (meeting, user_id),
  -- By which the others know them.
  unique (meeting, session_id),
  check (user_type = 'guest' or user_id is not null)
);
create index if not exists video_participants_user_id_idx on public.video_participants (user_id);

-- By which guests without an account are the same ones again. Apart from the participants, whose rows the parties read
-- with all columns.
create table if not exists private.video_guest_secrets (
  participant_id uuid primary key references public.video_participants (id) on delete cascade,
  secret_hash text not null,
  -- Whether it opens the meeting by itself. After a removal none does: whoever was removed may have made places in
  -- advance.
  opens boolean not null default true
);
create index if not exists video_guest_secrets_secret_hash_idx on private.video_guest_secrets (secret_hash);

alter table public.video_meetings enable row level security;
alter table public.video_participants enable row level security;
alter table private.video_guest_secrets enable row level security;
revoke all on public.video_meetings, public.video_participants, private.video_guest_secrets
  from public, anon, authenticated, service_role;
grant select on public.video_meetings, public.video_participants to authenticated;
grant all on public.video_meetings, public.video_participants to service_role;
grant select, insert, update (opens) on private.video_guest_secrets to service_role;

-- For what the service does: the meeting of an ID, unless it is overdue and waits for the sweep.
create or replace function private.video_meeting_of(meeting_id text)
returns public.video_meetings
language sql
stable
set search_path = ''
as $$
  select m.* from public.video_meetings m
  where m.meeting_id = video_meeting_of.meeting_id
    and (m.status in ('completed', 'cancelled') or m.scheduled_start >= private.overdue_before())
$$;
revoke execute on function private.video_meeting_of(text) from public, anon, authenticated;
grant execute on function private.video_meeting_of(text) to service_role;

drop policy if exists "Tutor, student and admins read a meeting" on public.video_meetings;
create policy "Tutor, student and admins read a meeting" on public.video_meetings
  for select to authenticated
  using (tutor_id between (select private.first_readable_host()) and (select private.last_readable_host())
    or student_id = (select auth.uid()));
drop policy if exists "Overdue meetings wait for the sweep" on public.video_meetings;
create policy "Overdue meetings wait for the sweep" on public.video_meetings
  as restrictive for select to authenticated
  using (status in ('completed', 'cancelled') or scheduled_start >= (select private.overdue_before()));
-- Of the meetings that they read: the policies of those hold in here.
drop policy if exists "Tutor, student and admins read who takes part" on public.video_participants;
create policy "Tutor, student and admins read who takes part" on public.video_participants
  for select to authenticated
  using (meeting = any (array(select m.id from public.video_meetings m)));

-- What callers choose; told as a 422 that names the field as the function's callers know it, where a CHECK would be an
-- anonymous error.
create or replace function private.guard_video_meeting()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
  refused constant text[] := case
    when new.tutor_id = new.student_id
      then array['studentId', 'tutor and student are two people']
    when new.scheduled_start is null or not isfinite(new.scheduled_start)
        or new.scheduled_start > now() + interval '10 years'
      then array['scheduledStart', 'scheduledStart is a date and time']
    when new.scheduled_end is null or not isfinite(new.scheduled_end) or new.scheduled_end <= new.scheduled_start
        or new.scheduled_end > new.scheduled_start + interval '24 hours'
      then array['scheduledEnd', 'scheduledEnd is after scheduledStart, by 24 hours at most']
  end;
begin
  if refused is not null then
    perform private.refuse(422, 'invalid_field', refused[2], refused[1]);
  end if;
  return new;
end
$$;
revoke execute on function private.guard_video_meeting() from public, anon, authenticated;
create or replace trigger video_meetings_guard before insert or update on public.video_meetings
  for each row execute function private.guard_video_meeting();
create or replace trigger video_meetings_lifecycle before update of status on public.video_meetings
  for each row execute function
    private.guard_lifecycle('pending', 'active', 'completed', 'cancelled', 'scheduled_start');
create or replace trigger video_meetings_touch_updated_at before update on public.video_meetings
  for each row execute function private.touch_updated_at();
create or replace trigger video_meetings_audit after insert or update or delete on public.video_meetings
  for each row execute function private.audit_session('tutor_id');
create or replace trigger video_participants_audit after insert or update or delete on public.video_participants
  for each row execute function private.audit_participant('video_meetings', 'tutor_id', 'meeting');

-- Who is in a meeting when it ends, leaves it with it: at its planned end, when only the sweep ended it.
create or replace function private.empty_video_meeting()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  update public.video_participants p set left_at = least(now(), new.scheduled_end)
    where p.meeting = new.id and p.left_at is null;
  return null;
end
$$;
revoke execute on function private.empty_video_meeting() from public, anon, authenticated;
create or replace trigger video_meetings_empty after update of status on public.video_meetings
  for each row when (new.status in ('completed', 'cancelled') and old.status <> new.status)
  execute function private.empty_video_meeting();
