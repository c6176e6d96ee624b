-- create-video-session in SQL. With a link (pasted, or a Jitsi room) it is one call. For Zoom it is a claim, the call
-- to Zoom, and a commit: the claim is an outbox row, so whatever happens between, the next request with the same key,
-- or deliver-outbox, finds out what Zoom did and finishes or undoes it.

-- The answer for a claim that the caller now holds, for 60 seconds.
create or replace function private.claim_answer(claim private.outbox, reconcile boolean)
returns jsonb
language sql
set search_path = ''
as $$
  select jsonb_build_object('outcome', 'claimed',
    'claim', jsonb_build_object('id', claim.id, 'lease_id', claim.lease_id,
      'passcode', claim.payload -> 'passcode', 'reconcile', reconcile),
    'zoom', public.zoom_grant(claim.host_id))
$$;
revoke execute on function private.claim_answer(private.outbox, boolean) from public, anon, authenticated;

-- Zoom will be called: a new claim under `taken`, or the one that is there if nobody is working on it.
create or replace function private.claim_zoom_session(
  taken private.idempotency_keys, session public.video_sessions, passcode text)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  status text;
  claim private.outbox;
begin
  select z.status into status from public.user_integrations_zoom z where z.user_id = taken.caller_id;
  if not found then
    perform private.refuse(409, 'zoom_not_connected',
      'Connect Zoom first, paste a link as join_url, or use provider "jitsi"', 'provider');
  elsif status <> 'connected' then
    perform private.refuse(409, 'zoom_reconnect_required',
      'Connect Zoom again, paste a link as join_url, or use provider "jitsi"', 'provider');
  end if;
  if taken.claim_id is null then
    perform pg_advisory_xact_lock(hashtextextended('claims ' || taken.caller_id, 0));
    -- More than Zoom lets one user create in a day; each is an effect that has to be settled.
    if (select count(*) from private.outbox o where o.host_id = taken.caller_id and o.status = 'pending') >= 100 then
      perform private.refuse(429, 'too_many_pending', 'Too many Zoom requests are still being settled; try again later');
    end if;
    if passcode is null or passcode !~ '^[A-Za-z0-9@_*-]{1,10}$' then
      perform private.refuse(422, 'invalid_field', 'passcode has 1 to 10 letters or digits', 'passcode');
    end if;
    insert into private.outbox (kind, host_id, payload, available_at, leased_until, lease_id)
      values ('zoom.settle_claim', taken.caller_id,
        jsonb_build_object('topic', session.title, 'passcode', passcode,
          'scheduled_start', to_char(session.scheduled_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')),
        now() + interval '2 minutes', clock_timestamp() + interval '60 seconds', gen_random_uuid())
      returning * into claim;
    update private.idempotency_keys k set claim_id = claim.id
      where k.caller_id = taken.caller_id and k.function_name = taken.function_name and k.key = taken.key;
    return private.claim_answer(claim, false);
  end if;
  -- A claim that was given up (dead) may be taken again too: the host asks for it. The time at which the outbox settles
  -- it stays: whoever keeps asking must not keep it open.
  update private.outbox o
    set status = 'pending', attempts = 0, error = null, lease_id = gen_random_uuid(),
      leased_until = clock_timestamp() + interval '60 seconds'
    where o.id = taken.claim_id and (o.leased_until is null or o.leased_until <= clock_timestamp())
    returning * into claim;
  if not found then
    return jsonb_build_object('outcome', 'in_progress');
  end if;
  return private.claim_answer(claim, true);
end
$$;
revoke execute on function private.claim_zoom_session(private.idempotency_keys, public.video_sessions, text)
  from public, anon, authenticated;

create or replace function private.created_answer(session_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object('outcome', 'created', 'session', to_jsonb(s))
  from public.video_sessions s where s.id = session_id
$$;
revoke execute on function private.created_answer(uuid) from public, anon, authenticated;
grant execute on function private.created_answer(uuid) to service_role;

-- Security definer: writes the private tables, participants of the caller's session, notifications and messages on
-- the caller's behalf, and asks for every right itself, of auth.uid(). Whoever calls it directly, instead of through
-- the function, has the same rights; whether a link leads where it should and the date makes sense is the function's.
create or replace function public.create_video_session(request jsonb, idempotency_key text, generated jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
set timezone = 'UTC'
as $$
declare
  caller constant uuid := auth.uid();
  link constant text := coalesce(request ->> 'join_url',
    case when request ->> 'provider' = 'jitsi' then generated ->> 'join_url' end);
  taken private.idempotency_keys;
  session public.video_sessions;
begin
  if caller is null or not private.is_host('video_sessions', caller) then
    perform private.refuse(403, 'not_a_host', 'Your role does not host sessions');
  end if;
  if octet_length(request::text) > 65536 then
    perform private.refuse(413, 'too_large', 'The request is larger than 65536 bytes');
  end if;
  taken := private.take_idempotency_key(caller, 'create-video-session', idempotency_key, request);
  if taken.resource_id is not null then
    if not exists (select from public.video_sessions s where s.id = taken.resource_id and s.host_id = caller) then
      perform private.refuse_spent_key();
    end if;
    return private.created_answer(taken.resource_id);
  end if;
  session := private.session_from_request(caller, request);
  if taken.claim_id is null then
    perform private.check_session_clients(request);
  end if;
  if link is null then
    if session.provider <> 'zoom' then
      perform private.refuse(422, 'invalid_field', 'join_url is required for this provider', 'join_url');
    end if;
    return private.claim_zoom_session(taken, session, generated ->> 'passcode');
  end if;
  session := private.write_video_session(caller, request, jsonb_build_object('join_url', link));
  perform private.settle_idempotency_key(taken, session.id);
  return private.created_answer(session.id);
end
$$;
revoke execute on function public.create_video_session(jsonb, text, jsonb) from public, anon, service_role;
grant execute on function public.create_video_session(jsonb, text, jsonb) to authenticated;

-- The meeting exists at Zoom: writes its session. Only the holder of the lease may, and only once; a repeat answers
-- the same session.
create or replace function public.commit_zoom_session(claim_id uuid, lease_id uuid, meeting jsonb)
returns jsonb
language plpgsql
set search_path = ''
set timezone = 'UTC'
as $$
declare
  claim private.outbox := private.lock_claim(commit_zoom_session.claim_id);
  taken private.idempotency_keys;
  session public.video_sessions;
begin
  select k.* into taken from private.idempotency_keys k where k.claim_id = claim.id;
  if taken.resource_id is not null then
    return coalesce(private.created_answer(taken.resource_id), jsonb_build_object('outcome', 'lease_lost'));
  end if;
  -- The outbox gave the claim up: it looked for the meeting before it was there. Now the meeting has to go.
  if taken.key is null or claim.status is distinct from 'pending' then
    insert into private.outbox (kind, host_id, payload)
      select 'zoom.delete_meeting', claim.host_id, jsonb_build_object('meeting_id', meeting ->> 'id')
      where claim.host_id is not null;
    return jsonb_build_object('outcome', 'undone');
  end if;
  if claim.lease_id is distinct from commit_zoom_session.lease_id then
    return jsonb_build_object('outcome', 'lease_lost');
  end if;
  perform private.act_for(claim.host_id);
  session := private.write_video_session(claim.host_id, taken.request, meeting);
  insert into public.video_session_host_meta (session_id, host_id, host_start_url, expires_at)
    select session.id, session.host_id, meeting ->> 'start_url', now() + interval '2 hours'
    where meeting ->> 'start_url' is not null and private.lock_zoom_connection(session.host_id);
  insert into private.zoom_meetings (session_id, zoom_user_id)
    select session.id, meeting ->> 'zoom_user_id' where meeting ->> 'zoom_user_id' is not null;
  update private.outbox o set status = 'done', done_at = now(), lease_id = null, leased_until = null
    where o.id = claim.id;
  perform private.settle_idempotency_key(taken, session.id);
  return private.created_answer(session.id);
end
$$;
revoke execute on function public.commit_zoom_session(uuid, uuid, jsonb) from public, anon, authenticated;
grant execute on function public.commit_zoom_session(uuid, uuid, jsonb) to service_role;

-- The holder gives the claim back: with `nothing_created` the key can be used afresh, else the next request or the
-- outbox has to find out what Zoom did.
create or replace function public.release_zoom_claim(claim_id uuid, lease_id uuid, nothing_created boolean)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  claim private.outbox := private.lock_claim(release_zoom_claim.claim_id);
begin
  if claim.status is distinct from 'pending'
      or claim.lease_id is distinct from release_zoom_claim.lease_id then
    return jsonb_build_object('released', false);
  end if;
  if nothing_created then
    delete from private.idempotency_keys k where k.claim_id = claim.id;
    delete from private.outbox o where o.id = claim.id;
  else
    update private.outbox o set leased_until = clock_timestamp() where o.id = claim.id;
  end if;
  return jsonb_build_object('released', true);
end
$$;
revoke execute on function public.release_zoom_claim(uuid, uuid, boolean) from public, anon, authenticated;
grant execute on function public.release_zoom_claim(uuid, uuid, boolean) to service_role;
