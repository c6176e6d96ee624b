-- Who may be put into a session follows from two tables of the coaching app: an accepted lead, or a conversation,
-- makes someone "my client". They are created only where the app does not have them. A client asks, the provider
-- answers, and neither can write themselves into a relation the other did not agree to.

do $migration$
begin
  if to_regclass('public.leads') is not null then
    return;
  end if;
  create table public.leads (
    id uuid primary key default gen_random_uuid(),
    client_id uuid not null references public.profiles (id) on delete cascade,
    provider_id uuid not null references public.profiles (id) on delete cascade,
    status text not null default 'requested' check (status in ('requested', 'accepted', 'declined')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check (client_id <> provider_id)
  );
  create unique index leads_one_open_per_pair on public.leads (client_id, provider_id) where status <> 'declined';
  create index leads_client_id_idx on public.leads (client_id);
  create index leads_provider_id_idx on public.leads (provider_id);
  alter table public.leads enable row level security;
  revoke all on public.leads from public, anon, authenticated, service_role;
  grant select on public.leads to authenticated;
  grant insert (client_id, provider_id, status) on public.leads to authenticated;
  grant update (status) on public.leads to authenticated;
  grant all on public.leads to service_role;

  create trigger leads_freeze_parties before update on public.leads
    for each row execute function private.freeze_columns('id', 'client_id', 'provider_id', 'created_at');
  create trigger leads_touch_updated_at before update on public.leads
    for each row execute function private.touch_updated_at();

  create policy "Both parties read a lead" on public.leads
    for select to authenticated
    using (client_id = (select auth.uid()) or provider_id = (select auth.uid()));
  create policy "A client asks a host" on public.leads
    for insert to authenticated
    with check (client_id = (select auth.uid()) and status = 'requested' and private.is_host('video_sessions', provider_id));
  create policy "Only the provider accepts or declines" on public.leads
    for update to authenticated
    using (provider_id = (select auth.uid()))
    with check (provider_id = (select auth.uid()) and status in ('accepted', 'declined'));
end
$migration$;

do $migration$
begin
  if to_regclass('public.conversations') is not null then
    return;
  end if;
  create table public.conversations (
    id uuid primary key default gen_random_uuid(),
    lead_id uuid unique references public.leads (id) on delete set null,
    client_id uuid not null references public.profiles (id) on delete cascade,
    provider_id uuid not null references public.profiles (id) on delete cascade,
    created_at timestamptz not null default now(),
    check (client_id <> provider_id)
  );
  create index conversations_client_id_idx on public.conversations (client_id);
  create index conversations_provider_id_idx on public.conversations (provider_id);
  alter table public.conversations enable row level security;
  revoke all on public.conversations from public, anon, authenticated, service_role;
  grant select on public.conversations to authenticated;
  grant all on public.conversations to service_role;

  create policy "Both parties read a conversation" on public.conversations
    for select to authenticated
    using (client_id = (select auth.uid()) or provider_id = (select auth.uid()));

  -- Security definer: the provider who accepts may not write conversations.
  create function private.open_conversation()
  returns trigger
  language plpgsql
  security definer
  set search_path = ''
  as $$
  begin
    perform private.conversation_between(new.provider_id, new.client_id);
    return null;
  end
  $$;
  revoke execute on function private.open_conversation() from public, anon, authenticated;
  create trigger convene_open_conversation after insert or update of status on public.leads
    for each row when (new.status = 'accepted') execute function private.open_conversation();
end
$migration$;

do $migration$
begin
  if to_regclass('public.messages') is not null then
    return;
  end if;
  create table public.messages (
    id uuid primary key default gen_random_uuid(),
    conversation_id uuid not null references public.conversations (id) on delete cascade,
    sender_id uuid not null references public.profiles (id) on delete cascade,
    content text not null check (char_length(content) between 1 and 4000),
    created_at timestamptz not null default now()
  );
  create index messages_conversation_id_created_at_idx on public.messages (conversation_id, created_at);
  create index messages_sender_id_idx on public.messages (sender_id);
  alter table public.messages enable row level security;
  revoke all on public.messages from public, anon, authenticated, service_role;
  grant select on public.messages to authenticated;
  grant insert (conversation_id, sender_id, content) on public.messages to authenticated;
  grant all on public.messages to service_role;

  -- The subqueries see only the caller's conversations: the policy of `conversations` applies to them.
  create policy "Both parties read the messages of a conversation" on public.messages
    for select to authenticated
    using (conversation_id = any (array(select c.id from public.conversations c
      where c.client_id = (select auth.uid()) or c.provider_id = (select auth.uid()))));
  create policy "A party writes messages as themselves" on public.messages
    for insert to authenticated
    with check (sender_id = (select auth.uid()) and conversation_id = any (array(
      select c.id from public.conversations c
      where c.client_id = (select auth.uid()) or c.provider_id = (select auth.uid()))));
end
$migration$;

-- The conversation of a provider and a client; made when there is none and a lead was accepted, else null. The lead's
-- row lock keeps two callers from making two.
create or replace function private.conversation_between(provider uuid, client uuid)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  accepted_lead uuid;
  conversation uuid;
begin
  select c.id into conversation from public.conversations c
    where c.provider_id = provider and c.client_id = client order by c.id limit 1;
  if found then
    return conversation;
  end if;
  select l.id into accepted_lead from public.leads l
    where l.provider_id = provider and l.client_id = client and l.status::text = 'accepted'
    order by l.id limit 1 for update;
  if not found then
    return null;
  end if;
  select c.id into conversation from public.conversations c
    where c.provider_id = provider and c.client_id = client order by c.id limit 1;
  if found then
    return conversation;
  end if;
  insert into public.conversations (lead_id, client_id, provider_id) values (accepted_lead, client, provider)
    returning id into conversation;
  return conversation;
end
$$;
revoke execute on function private.conversation_between(uuid, uuid) from public, anon, authenticated;
grant execute on function private.conversation_between(uuid, uuid) to service_role;

-- Security definer: one rule for policies and functions, whatever policies the app's own tables have.
create or replace function private.is_my_client(person uuid)
returns boolean
language sql
stable
security definer
set search_path = ''
as $$
  select person <> auth.uid() and (
    exists (select from public.leads l
      where l.client_id = person and l.provider_id = auth.uid() and l.status::text = 'accepted')
    or exists (select from public.conversations c
      where c.client_id = person and c.provider_id = auth.uid()))
$$;
revoke execute on function private.is_my_client(uuid) from public, anon;
grant execute on function private.is_my_client(uuid) to authenticated, service_role;

-- Security definer: for the same reason.
create or replace function private.is_my_conversation(conversation uuid)
returns boolean
language sql
stable
security definer
set search_path = ''
as $$
  select exists (select from public.conversations c where c.id = conversation and c.provider_id = auth.uid())
$$;
revoke execute on function private.is_my_conversation(uuid) from public, anon;
grant execute on function private.is_my_conversation(uuid) to authenticated, service_role;
