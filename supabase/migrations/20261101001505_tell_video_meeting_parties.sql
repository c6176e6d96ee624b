-- Tutor and student learn what happens to their meeting in the transaction in which it happens. No news carries the
-- passcode: they read it in the meeting, for as long as it is theirs.

-- Security definer: nobody writes notifications through the API.
create or replace function private.tell_video_meeting_parties()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  meeting constant public.video_meetings := case when tg_op = 'DELETE' then old else new end;
  news constant text[] := case
    when tg_op = 'INSERT' then
      case when new.status in ('pending', 'active') then array['video_meeting_created', 'New meeting'] end
    when tg_op = 'DELETE' then
      case when old.status in ('pending', 'active') then array['video_meeting_cancelled', 'Meeting cancelled'] end
    when new.status <> old.status then
      case new.status
        when 'active' then array['video_meeting_started', 'Meeting started']
        when 'cancelled' then array['video_meeting_cancelled', 'Meeting cancelled']
      end
    when new.status = 'pending'
        and (new.scheduled_start, new.scheduled_end) is distinct from (old.scheduled_start, old.scheduled_end)
      then array['video_meeting_rescheduled', 'Meeting moved']
  end;
begin
  if news is not null then
    perform private.notify_others(array[meeting.tutor_id, meeting.student_id], news[1], news[2],
      private.spoken_time(meeting.scheduled_start),
      jsonb_build_object('meeting_id', meeting.meeting_id));
  end if;
  return null;
end
$$;
revoke execute on function private.tell_video_meeting_parties() from public, anon, authenticated;
create or replace trigger video_meetings_tell
  after insert or update of status, scheduled_start, scheduled_end or delete on public.video_meetings
  for each row execute function private.tell_video_meeting_parties();
