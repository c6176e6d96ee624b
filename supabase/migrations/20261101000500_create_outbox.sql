-- An effect outside the database that must follow a commit (ending a Zoom meeting, undoing one whose commit failed)
-- is a row in `private.outbox`, written in the same transaction as its cause; deliver-outbox drains it. A repeated
-- `Idempotency-Key` finds its first request in `private.idempotency_keys`. Nobody but the service sees either.
--
-- Lock order, everywhere: idempotency key, outbox row, Zoom integration, refresh lease.

create table if not exists private.outbox (
  id uuid primary key default gen_random_uuid(),
  kind text not null check (kind in
    ('zoom.settle_claim', 'zoom.delete_meeting', 'zoom.end_meeting', 'zoom.sync_meeting', 'openvidu.close_room',
      'openvidu.fetch_recording')),
  -- No foreign key: the effect outlives the account it was for.
  host_id uuid not null,
  payload jsonb not null,
  status text not null default 'pending' check (status in ('pending', 'done', 'dead')),
  attempts integer not null default 0,
  available_at timestamptz not null default now(),
  leased_until timestamptz,
  lease_id uuid,
  error text,
  created_at timestamptz not null default now(),
  done_at timestamptz
);
create index if not exists outbox_pending_idx on private.outbox (available_at) where status = 'pending';
create index if not exists outbox_pending_host_id_idx on private.outbox (host_id, available_at) where status = 'pending';
create index if not exists outbox_done_idx on private.outbox (done_at) where status = 'done';
create index if not exists outbox_dead_idx on private.outbox (created_at) where status = 'dead';
alter table private.outbox enable row level security;
revoke all on private.outbox from public, anon, authenticated;
grant select, insert, update, delete on private.outbox to service_role;

create table if not exists private.idempotency_keys (
  caller_id uuid not null references auth.users (id) on delete cascade,
  function_name text not null,
  key text not null check (char_length(key) between 1 and 255),
  request jsonb not null,
  -- What the request made; null while its claim is not settled.
  resource_id uuid,
  claim_id uuid references private.outbox (id) on delete set null,
  created_at timestamptz not null default now(),
  primary key (caller_id, function_name, key)
);
create index if not exists idempotency_keys_claim_id_idx on private.idempotency_keys (claim_id);
create index if not exists idempotency_keys_created_at_idx on private.idempotency_keys (created_at);
alter table private.idempotency_keys enable row level security;
revoke all on private.idempotency_keys from public, anon, authenticated;
grant select, insert, update, delete on private.idempotency_keys to service_role;

-- Registers a request under its key, or finds the first one, and locks the row until the end of the transaction, so
-- that of many parallel calls one acts and the others see what it did. The same key with another body is a 422. A request
-- without a key is never found again.
create or replace function private.take_idempotency_key(
  caller uuid, function_name text, key text, request jsonb)
returns private.idempotency_keys
language plpgsql
set search_path = ''
as $$
declare
  own_key constant text := coalesce(take_idempotency_key.key, gen_random_uuid()::text);
  taken private.idempotency_keys;
begin
  if char_length(own_key) not between 1 and 255 then
    perform private.refuse(422, 'invalid_field', 'An Idempotency-Key has 1 to 255 characters', 'Idempotency-Key');
  end if;
  loop
    insert into private.idempotency_keys (caller_id, function_name, key, request)
      values (caller, take_idempotency_key.function_name, own_key, take_idempotency_key.request)
      on conflict do nothing;
    select k.* into taken from private.idempotency_keys k
      where k.caller_id = caller
        and k.function_name = take_idempotency_key.function_name
        and k.key = own_key
      for update;
    exit when found;  -- else it was released between the two statements
  end loop;
  if taken.request is distinct from take_idempotency_key.request then
    perform private.refuse(422, 'idempotency_key_reused',
      'This Idempotency-Key was used for another request; use a new one', 'Idempotency-Key');
  end if;
  return taken;
end
$$;

-- Remembers what the request of a taken key made: a repeat answers it.
create or replace function private.settle_idempotency_key(taken private.idempotency_keys, made uuid)
returns void
language sql
set search_path = ''
as $$
  update private.idempotency_keys k set resource_id = made
    where k.caller_id = taken.caller_id and k.function_name = taken.function_name and k.key = taken.key
$$;

-- For a repeat that finds no more what its request made: making it anew would bring back what was deleted.
create or replace function private.refuse_spent_key()
returns void
language sql
set search_path = ''
as $$
  select private.refuse(409, 'idempotency_key_spent',
    'What was made with this Idempotency-Key was deleted; use a new key', 'Idempotency-Key')
$$;
revoke execute on function private.take_idempotency_key(uuid, text, text, jsonb),
  private.settle_idempotency_key(private.idempotency_keys, uuid), private.refuse_spent_key()
  from public, anon, authenticated;
grant execute on function private.take_idempotency_key(uuid, text, text, jsonb),
  private.settle_idempotency_key(private.idempotency_keys, uuid), private.refuse_spent_key() to service_role;

-- Locks the outbox row of a claim, its idempotency key first, as the lock order asks.
create or replace function private.lock_claim(claim uuid)
returns private.outbox
language plpgsql
set search_path = ''
as $$
declare
  locked private.outbox;
begin
  perform from private.idempotency_keys k where k.claim_id = claim for update;
  select o.* into locked from private.outbox o where o.id = claim for update;
  return locked;
end
$$;
revoke execute on function private.lock_claim(uuid) from public, anon, authenticated;
grant execute on function private.lock_claim(uuid) to service_role;

-- Gives an effect up, and tells the host what to look after.
create or replace function private.bury_effect(effect private.outbox, reason text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  update private.outbox o set status = 'dead', error = reason, leased_until = null, lease_id = null
    where o.id = effect.id;
  perform private.notify(effect.host_id,
    case when effect.kind like 'zoom.%' then 'zoom_action_needed' else 'meeting_action_needed' end,
    case when effect.kind like 'zoom.%' then 'Please check your Zoom meetings' else 'Please check your meetings' end,
    case effect.kind
      when 'zoom.settle_claim' then format(
        'The meeting "%s" may still be listed at Zoom although its session was not created.',
        effect.payload ->> 'topic')
      when 'zoom.delete_meeting' then 'A meeting of a cancelled session could not be deleted at Zoom.'
      when 'zoom.end_meeting' then 'The meeting of a session that you ended could not be ended at Zoom.'
      when 'zoom.sync_meeting' then 'A session was changed, and its meeting could not be changed at Zoom.'
      when 'openvidu.close_room' then 'The room of a meeting that is over could not be closed.'
      when 'openvidu.fetch_recording' then 'Where the recording of a meeting is could not be found out.'
    end,
    jsonb_build_object('kind', effect.kind, 'meeting_id', effect.payload -> 'meeting_id'));
end
$$;
revoke execute on function private.bury_effect(private.outbox, text) from public, anon, authenticated;
grant execute on function private.bury_effect(private.outbox, text) to service_role;
