-- Connecting and disconnecting Zoom, each in one call. A connect flow is begun by the state that zoom-oauth-start sealed,
-- and finished once: its nonce is taken in the transaction that stores the grant, so a replayed callback changes
-- nothing. Only a user who approves the same flow again, with the same Zoom account, gets the newer grant stored: Zoom
-- ended the other one.

create table if not exists private.used_zoom_states (
  nonce uuid primary key,
  -- When the state itself stops working.
  expires_at timestamptz not null
);
create index if not exists used_zoom_states_expires_at_idx on private.used_zoom_states (expires_at);
alter table private.used_zoom_states enable row level security;
revoke all on private.used_zoom_states from public, anon, authenticated;
grant select, insert, update, delete on private.used_zoom_states to service_role;

-- `outcome` is connected, state_used, or user_gone. Tokens come sealed.
create or replace function public.connect_zoom(
  user_id uuid, state_nonce uuid, state_expires_at timestamptz, access_token text, refresh_token text,
  expires_at timestamptz, scope text, zoom_user_id text, zoom_account_id text, zoom_account_email text)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  finishes boolean;
  replaced uuid;
begin
  insert into private.used_zoom_states (nonce, expires_at) values (state_nonce, state_expires_at)
    on conflict do nothing;
  finishes := found or exists (select from public.user_integrations_zoom z
    where z.user_id = connect_zoom.user_id and z.zoom_user_id = connect_zoom.zoom_user_id);
  -- Zoom gives a user of its own one grant for an app: this one ended any other, and whoever held it should know.
  for replaced in
    update public.user_integrations_zoom z set status = 'reconnect_required'
    where z.zoom_user_id = connect_zoom.zoom_user_id and z.status = 'connected'
      and not (finishes and z.user_id = connect_zoom.user_id)
    returning z.user_id
  loop
    perform private.notify(replaced, 'zoom_reconnect_required', 'Connect Zoom again',
      'Your Zoom account was connected once more, which ended the connection here.', '{}');
  end loop;
  if not finishes then
    return jsonb_build_object('outcome', 'state_used');
  end if;
  if not exists (select from public.profiles p where p.id = connect_zoom.user_id) then
    return jsonb_build_object('outcome', 'user_gone');
  end if;
  insert into public.user_integrations_zoom as stored (user_id, access_token, refresh_token, expires_at, scope,
      zoom_user_id, zoom_account_id, zoom_account_email)
    values (connect_zoom.user_id, connect_zoom.access_token, connect_zoom.refresh_token, connect_zoom.expires_at,
      connect_zoom.scope, connect_zoom.zoom_user_id, connect_zoom.zoom_account_id, connect_zoom.zoom_account_email)
    on conflict on constraint user_integrations_zoom_pkey do update
      set access_token = excluded.access_token, refresh_token = excluded.refresh_token,
        expires_at = excluded.expires_at, scope = excluded.scope, status = 'connected',
        zoom_user_id = excluded.zoom_user_id, zoom_account_id = excluded.zoom_account_id,
        zoom_account_email = excluded.zoom_account_email, connected_at = now();
  return jsonb_build_object('outcome', 'connected');
end
$$;
revoke execute on function public.connect_zoom(
  uuid, uuid, timestamptz, text, text, timestamptz, text, text, text, text) from public, anon, authenticated;
grant execute on function public.connect_zoom(
  uuid, uuid, timestamptz, text, text, timestamptz, text, text, text, text) to service_role;

-- Answers with the sealed access token, by which the grant can be revoked at Zoom; null when there was none.
create or replace function public.disconnect_zoom(user_id uuid)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  token text;
begin
  delete from public.user_integrations_zoom z where z.user_id = disconnect_zoom.user_id
    returning z.access_token into token;
  return jsonb_build_object('access_token', token);
end
$$;
revoke execute on function public.disconnect_zoom(uuid) from public, anon, authenticated;
grant execute on function public.disconnect_zoom(uuid) to service_role;
