-- Operator and client learn what happens to their meeting in the transaction in which it happens, each what the other
-- did.

-- Security definer: nobody writes notifications through the API, and a client's sign-in is not the operator's to read.
create or replace function private.tell_meeting_parties()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  meeting constant public.meetings := case when tg_op = 'DELETE' then old else new end;
  client constant uuid := (select c.auth_user_id from public.clients c where c.id = meeting.client_id);
  -- Only the operator starts one, also when the service does it for them.
  told constant uuid[] := case when tg_op = 'UPDATE' and new.status = 'in_progress' then array[client]
    else array[client, meeting.operator_id] end;
  news constant text[] := case
    when tg_op = 'INSERT' then
      case when new.status in ('scheduled', 'in_progress') then array['meeting_created', 'New meeting'] end
    when tg_op = 'DELETE' then
      case when old.status in ('scheduled', 'in_progress') then array['meeting_cancelled', 'Meeting cancelled'] end
    when new.status <> old.status then
      case new.status
        when 'in_progress' then array['meeting_started', 'Meeting started']
        when 'cancelled' then array['meeting_cancelled', 'Meeting cancelled']
      end
    when new.status = 'scheduled' and new.scheduled_at <> old.scheduled_at
      then array['meeting_rescheduled', 'Meeting moved']
  end;
begin
  if news[1] = 'meeting_cancelled' or (news is not null and not private.floods(meeting.operator_id)) then
    perform private.notify_others(told, news[1], news[2],
      format('%s, %s', meeting.title, private.spoken_time(meeting.scheduled_at)),
      jsonb_build_object('meeting_id', meeting.id));
  end if;
  return null;
end
$$;
revoke execute on function private.tell_meeting_parties() from public, anon, authenticated;
create or replace trigger meetings_tell
  after insert or update of status, scheduled_at or delete on public.meetings
  for each row execute function private.tell_meeting_parties();
