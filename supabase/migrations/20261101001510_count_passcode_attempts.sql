-- Six digits keep nobody out who may try them all: five wrong tries by one caller, or twenty by everyone, close a
-- meeting for a quarter of an hour, and sixty by one caller close all meetings for them. The tries of a caller, and
-- those of a meeting, are counted one after the other, and each is written down before it is compared, so that guessing
-- in parallel gains nothing. A passcode opens a meeting from a day before its start until its end, so that nobody has
-- more time to guess, however early it was planned. A refusal is an answer and not an error, because an error would
-- take the count back.

create table if not exists private.passcode_attempts (
  id bigint generated always as identity primary key,
  meeting_id text not null,
  caller text not null,
  attempted_at timestamptz not null
);
create index if not exists passcode_attempts_meeting_id_idx on private.passcode_attempts (meeting_id, attempted_at);
create index if not exists passcode_attempts_caller_idx on private.passcode_attempts (caller, attempted_at);
create index if not exists passcode_attempts_attempted_at_idx on private.passcode_attempts (attempted_at);
alter table private.passcode_attempts enable row level security;
revoke all on private.passcode_attempts from public, anon, authenticated;
grant select, insert, delete on private.passcode_attempts to service_role;

-- One try. `caller` is "user <id>", or "address <ip>" of someone not signed in: the word in front keeps apart what a
-- token says and what a header may say. `meeting` is the meeting that the passcode opens; `retry_after` the seconds
-- until a try counts again, when too many were wrong; neither when it was wrong. An unknown ID goes the same way as a
-- known one, and closes too: whoever guesses cannot tell them apart, by the answer or by the time it takes.
create or replace function private.try_passcode(
  meeting_id text, caller text, passcode text, out meeting uuid, out retry_after integer)
language plpgsql
set search_path = ''
as $$
declare
  -- Not now(): that is when the transaction began, before it waited for the others.
  moment timestamptz;
  attempt bigint;
  candidate public.video_meetings;
  opens boolean;
begin
  if meeting_id is null or meeting_id !~ '^MID-[A-Z0-9]{16}$' then
    return;
  end if;
  -- In one order for all: the caller's, then the meeting's.
  perform pg_advisory_xact_lock(hashtextextended('passcodes of ' || caller, 0));
  perform pg_advisory_xact_lock(hashtextextended('passcode ' || meeting_id, 0));
  moment := clock_timestamp();
  select ceil(extract(epoch from greatest(
      case when count(*) filter (where a.caller = try_passcode.caller) >= 5
        then min(a.attempted_at) filter (where a.caller = try_passcode.caller) end,
      case when count(*) >= 20 then min(a.attempted_at) end,
      -- Also of IDs that are none: each leaves a row.
      (select case when count(*) >= 60 then min(o.attempted_at) end from private.passcode_attempts o
        where o.caller = try_passcode.caller and o.attempted_at > moment - interval '15 minutes'))
    + interval '15 minutes' - moment))
    into retry_after
    from private.passcode_attempts a
    where a.meeting_id = try_passcode.meeting_id and a.attempted_at > moment - interval '15 minutes';
  if retry_after is not null then
    return;
  end if;
  insert into private.passcode_attempts (meeting_id, caller, attempted_at)
    values (try_passcode.meeting_id, try_passcode.caller, moment)
    returning id into attempt;
  candidate := private.video_meeting_of(meeting_id);
  opens := candidate.status in ('pending', 'active') and candidate.scheduled_end > moment
    and candidate.scheduled_start <= moment + interval '24 hours';
  -- Digests, so that the time to compare tells nothing of how much was right.
  if sha256(convert_to(coalesce(try_passcode.passcode, ''), 'UTF8'))
      = sha256(convert_to(coalesce(candidate.passcode, 'no meeting'), 'UTF8')) and opens then
    meeting := candidate.id;
    -- Only wrong tries count.
    delete from private.passcode_attempts a where a.id = attempt;
  end if;
end
$$;
revoke execute on function private.try_passcode(text, text, text) from public, anon, authenticated;
grant execute on function private.try_passcode(text, text, text) to service_role;
