-- The three calls of deliver-outbox and of whoever watches it: claim what is due, settle what was done, and see how
-- it is going. One request claims, one settles, whatever the number of effects.

-- Housekeeping of the outbox and its keys. Rows that someone works on are left for the next time.
create or replace function private.sweep_outbox()
returns void
language plpgsql
set search_path = ''
as $$
declare
  exhausted private.outbox;
begin
  delete from private.idempotency_keys k
    where (k.caller_id, k.function_name, k.key) in (
      select o.caller_id, o.function_name, o.key from private.idempotency_keys o
      where o.created_at < now() - interval '24 hours'
        and (o.resource_id is not null
          or not exists (select from private.outbox c where c.id = o.claim_id and c.status = 'pending'))
      for update skip locked);
  delete from private.outbox o where o.id in (
    select d.id from private.outbox d
    where d.status = 'done' and d.done_at < now() - interval '7 days'
    for update skip locked);
  delete from private.used_zoom_states u where u.nonce in (
    select o.nonce from private.used_zoom_states o where o.expires_at < now() - interval '1 hour' for update skip locked);
  delete from public.video_session_host_meta m where m.session_id in (
    select e.session_id from public.video_session_host_meta e where e.expires_at < now() for update skip locked);
  -- An effect whose handler dies every time never gets to say so.
  for exhausted in
    select o.* from private.outbox o
    where o.status = 'pending' and o.attempts >= 12 and o.available_at <= now() and o.leased_until <= now()
    for update skip locked
  loop
    perform private.bury_effect(exhausted, 'its handler never answered');
  end loop;
end
$$;
revoke execute on function private.sweep_outbox() from public, anon, authenticated;
grant execute on function private.sweep_outbox() to service_role;

-- Effects of a provider that are due, locked.
create or replace function private.due_effects(provider text, most integer)
returns uuid[]
language sql
set search_path = ''
as $$
  -- Two of each host at most: whoever has many must not keep the others waiting.
  select array_agg(picked.id) from (
    select o.id from private.outbox o
    where o.id in (
      select turn.id from (
        select d.id, row_number() over (partition by d.host_id order by d.available_at) as place
        from private.outbox d
        where d.kind like provider || '.%' and d.status = 'pending' and d.available_at <= now()
          and (d.leased_until is null or d.leased_until <= now())
          -- Two changes of one meeting at once could arrive in either order.
          and not (d.kind = 'zoom.sync_meeting' and exists (
            select from private.outbox l
            where l.kind = d.kind and l.status = 'pending' and l.host_id = d.host_id and l.leased_until > now()
              and l.payload ->> 'session_id' = d.payload ->> 'session_id'))
      ) as turn
      where turn.place <= 2)
      and o.status = 'pending' and (o.leased_until is null or o.leased_until <= now())
    order by o.available_at
    limit most
    for update skip locked
  ) as picked
$$;
revoke execute on function private.due_effects(text, integer) from public, anon, authenticated;
grant execute on function private.due_effects(text, integer) to service_role;

-- `max_effects` are those of Zoom, which take several calls each; of OpenVidu's, which take one, as many again, or five for
-- each of Zoom's that is not there.
create or replace function public.claim_outbox(max_effects integer)
returns jsonb
language plpgsql
set search_path = ''
set timezone = 'UTC'
as $$
declare
  due uuid[];
  effect private.outbox;
  effects jsonb := '[]'::jsonb;
begin
  perform private.sweep();
  due := private.due_effects('zoom', least(greatest(max_effects, 1), 100));
  due := due || private.due_effects('openvidu',
    greatest(max_effects, 5 * (max_effects - coalesce(cardinality(due), 0))));
  update private.outbox o
    set lease_id = gen_random_uuid(), leased_until = clock_timestamp() + interval '60 seconds',
      attempts = o.attempts + 1
    where o.id = any (due);
  -- By host: two callers lock integrations in the same order. Nobody refreshes yet: an effect may have to wait its turn.
  for effect in select o.* from private.outbox o where o.id = any (due) order by o.host_id, o.available_at loop
    effects := effects || jsonb_build_object('id', effect.id, 'lease_id', effect.lease_id, 'kind', effect.kind,
      'payload', effect.payload || case effect.kind when 'zoom.sync_meeting' then jsonb_build_object('meeting', (
          select private.zoom_meeting_of(s) from public.video_sessions s
          where s.id = (effect.payload ->> 'session_id')::uuid))
        else '{}' end,
      'age_seconds', extract(epoch from now() - effect.created_at)::bigint,
      'zoom', case when effect.kind like 'zoom.%' then
        private.zoom_grant_of_account(effect.host_id, effect.payload ->> 'zoom_user_id', lease_refresh => false) end);
  end loop;
  return jsonb_build_object('effects', effects);
end
$$;
revoke execute on function public.claim_outbox(integer) from public, anon, authenticated;
grant execute on function public.claim_outbox(integer) to service_role;

-- One result: {id, lease_id, outcome: done|gone|retry, error?, retry_after?, recording_url?}; a try that came too early, by
-- the seconds of retry_after, is none; gone is done, and says that the meeting of the effect's session is not at Zoom any
-- more. False when its lease is not the current one.
create or replace function private.settle_effect(result jsonb)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  effect private.outbox := private.lock_claim((result ->> 'id')::uuid);
  reason constant text := left(result ->> 'error', 1000);
begin
  if effect.status is distinct from 'pending' or effect.lease_id is distinct from (result ->> 'lease_id')::uuid then
    return false;
  end if;
  case result ->> 'outcome'
    when 'done', 'gone' then
      -- A claim that the outbox settled made no session: its key starts afresh.
      delete from private.idempotency_keys k where k.claim_id = effect.id;
      perform private.stamp_zoom_meeting(s.id, clock_timestamp()) from public.video_sessions s
        where effect.kind = 'zoom.sync_meeting' and s.id = (effect.payload ->> 'session_id')::uuid;
      if result ->> 'outcome' = 'gone' then
        perform private.close_gone_session((effect.payload ->> 'session_id')::uuid);
      end if;
      if effect.kind = 'openvidu.fetch_recording' then
        perform private.store_recording((effect.payload ->> 'meeting_id')::uuid,
          (effect.payload ->> 'recorded_at')::timestamptz, result ->> 'recording_url');
      end if;
      update private.outbox o
        set status = 'done', done_at = now(), error = null, lease_id = null, leased_until = null
        where o.id = effect.id;
    when 'retry' then
      if result ->> 'retry_after' is not null then
        update private.outbox o
          set error = reason, lease_id = null, leased_until = null, attempts = o.attempts - 1,
            available_at = now() + least((result ->> 'retry_after')::integer, 86400) * interval '1 second'
          where o.id = effect.id;
      elsif effect.attempts >= 12 then
        perform private.bury_effect(effect, reason);
      else
        update private.outbox o
          set error = reason, lease_id = null, leased_until = null,
            available_at = now() + least(interval '30 seconds' * power(2, effect.attempts), interval '1 hour')
          where o.id = effect.id;
      end if;
    else
      perform private.refuse(422, 'invalid_field', 'outcome is done, gone or retry', 'results');
  end case;
  return true;
end
$$;
revoke execute on function private.settle_effect(jsonb) from public, anon, authenticated;
grant execute on function private.settle_effect(jsonb) to service_role;

create or replace function public.settle_outbox(results jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  result jsonb;
  settled integer := 0;
begin
  -- By id: two callers lock rows in the same order.
  for result in select r.value from jsonb_array_elements(results) as r order by r.value ->> 'id' loop
    if private.settle_effect(result) then
      settled := settled + 1;
    end if;
  end loop;
  return jsonb_build_object('settled', settled);
end
$$;
revoke execute on function public.settle_outbox(jsonb) from public, anon, authenticated;
grant execute on function public.settle_outbox(jsonb) to service_role;

-- Security definer: an admin is a signed-in user, who may not read the private table. Checks the role itself; the
-- answer has no payloads.
create or replace function public.outbox_health()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
set timezone = 'UTC'
as $$
begin
  -- The setting `role` is the role of the request; current_user is the owner here.
  if not private.is_admin() and current_setting('role', true) is distinct from 'service_role' then
    perform private.refuse(403, 'not_an_admin', 'Only admins can see the outbox');
  end if;
  return jsonb_build_object(
    'backlog', (select count(*) from private.outbox o where o.status = 'pending'),
    'oldest_age_seconds', (select extract(epoch from now() - min(o.created_at))::bigint
      from private.outbox o where o.status = 'pending'),
    'dead', (select count(*) from private.outbox o where o.status = 'dead'),
    'dead_letters', (select coalesce(jsonb_agg(jsonb_build_object('id', d.id, 'kind', d.kind,
        'attempts', d.attempts, 'error', d.error, 'created_at', d.created_at) order by d.created_at desc), '[]')
      from (select o.* from private.outbox o where o.status = 'dead' order by o.created_at desc limit 50) as d));
end
$$;
revoke execute on function public.outbox_health() from public, anon;
grant execute on function public.outbox_health() to authenticated, service_role;
