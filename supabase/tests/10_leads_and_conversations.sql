-- Threat: someone makes another person their client, or writes where they are no party.
\ir support/people.psql
select plan(38);

select pg_temp.as_user('trainer');
select is(pg_temp.attempt($$insert into leads (client_id, provider_id)
    values (pg_temp.id('stranger'), pg_temp.id('trainer'))$$), '42501', 'LEAD-01 a provider cannot ask for a client');
select is(pg_temp.attempt($$insert into leads (client_id, provider_id, status)
    values (pg_temp.id('stranger'), pg_temp.id('trainer'), 'accepted')$$), '42501', 'LEAD-02 or write an accepted lead');
select is(pg_temp.attempt($$update leads set client_id = pg_temp.id('stranger')$$), '42501',
  'LEAD-03 or put someone else into one');
select is(pg_temp.attempt($$insert into conversations (client_id, provider_id)
    values (pg_temp.id('stranger'), pg_temp.id('trainer'))$$), '42501', 'LEAD-04 or open a conversation');
select is(pg_temp.attempt($$update conversations set client_id = pg_temp.id('stranger')$$), '42501',
  'LEAD-05 or turn one over');

select pg_temp.as_user('stranger');
select is(pg_temp.visible('leads'), '0', 'LEAD-06 a stranger sees no lead');
select is(pg_temp.attempt($$insert into leads (client_id, provider_id, status)
    values (pg_temp.id('stranger'), pg_temp.id('trainer'), 'accepted')$$), '42501',
  'LEAD-07 a client cannot accept for the provider');
select is(pg_temp.attempt($$insert into leads (client_id, provider_id)
    values (pg_temp.id('client'), pg_temp.id('trainer'))$$), '42501', 'LEAD-08 or ask in another''s name');
select is(pg_temp.attempt($$insert into leads (client_id, provider_id)
    values (pg_temp.id('stranger'), pg_temp.id('client'))$$), '42501', 'LEAD-09 or ask someone who is no host');
select is(pg_temp.attempt($$insert into leads (client_id, provider_id)
    values (pg_temp.id('stranger'), pg_temp.id('stranger'))$$), '42501', 'LEAD-10 or themself');
select is(pg_temp.attempt($$insert into leads (client_id, provider_id)
    values (pg_temp.id('stranger'), pg_temp.id('trainer'))$$), '1 row', 'LEAD-11 a client asks a host');
select is(pg_temp.attempt($$insert into leads (client_id, provider_id)
    values (pg_temp.id('stranger'), pg_temp.id('trainer'))$$), '23505', 'LEAD-12 once');
select is(pg_temp.attempt($$update leads set status = 'accepted'$$), '0 rows', 'LEAD-13 and cannot accept it themself');
select is(pg_temp.attempt($$delete from leads$$), '42501', 'LEAD-14 or delete it');
select is(pg_temp.visible('conversations'), '0', 'LEAD-15 a request opens no conversation');
select pg_temp.as_user('nutritionist');
select is(pg_temp.attempt($$update leads set status = 'accepted' where provider_id = pg_temp.id('trainer')$$), '0 rows',
  'LEAD-16 another host cannot accept it');
select pg_temp.as_user('trainer');
select is(pg_temp.outcome(pg_temp.request(jsonb_build_object('client_ids', jsonb_build_array(pg_temp.id('stranger'))))),
  'client_not_yours client_ids', 'LEAD-17 a request that is not accepted makes nobody a client');
select is(pg_temp.attempt($$update leads set status = 'requested' where client_id = pg_temp.id('client')$$), '42501',
  'LEAD-18 a provider answers; they do not ask');
select is(pg_temp.attempt($$update leads set status = 'declined' where client_id = pg_temp.id('stranger')$$), '1 row',
  'LEAD-19 the provider declines');
select is(pg_temp.visible($$conversations where client_id = pg_temp.id('stranger')$$), '0', 'LEAD-20 which opens none');
select is(pg_temp.attempt($$update leads set status = 'accepted' where client_id = pg_temp.id('stranger')$$), '1 row',
  'LEAD-21 the provider accepts');
select is(pg_temp.attempt($$update leads set status = 'accepted' where client_id = pg_temp.id('stranger')$$), '1 row',
  'LEAD-22 twice');
select is(pg_temp.visible($$conversations where client_id = pg_temp.id('stranger')$$), '1',
  'LEAD-23 which opens one conversation');

select pg_temp.as_owner();
grant all on leads, conversations to authenticated;
select pg_temp.as_user('trainer');
select is(pg_temp.attempt($$update leads set client_id = pg_temp.id('other_client')
    where client_id = pg_temp.id('client')$$), 'column_frozen', 'LEAD-24 with table grants the parties stay frozen');
select is(pg_temp.attempt($$update conversations set client_id = pg_temp.id('other_client')$$), '0 rows',
  'LEAD-25 and conversations unwritable');

select pg_temp.as_user('trainer');
create temporary table talk as select id from conversations where client_id = pg_temp.id('client');
grant select on talk to public;
select is(pg_temp.attempt($$insert into messages (conversation_id, sender_id, content)
    select id, pg_temp.id('trainer'), 'hello' from talk$$), '1 row', 'MSG-01 a party writes as themself');
select is(pg_temp.attempt($$insert into messages (conversation_id, sender_id, content)
    select id, pg_temp.id('client'), 'hello' from talk$$), '42501', 'MSG-02 and not as the other');
select is(pg_temp.attempt($$update messages set content = 'x'$$), '42501', 'MSG-03 what was said stays');
select is(pg_temp.attempt($$delete from messages$$), '42501', 'MSG-04 said');
select pg_temp.as_user('client');
select is(pg_temp.visible('messages'), '1', 'MSG-05 the other party reads it');
select pg_temp.as_user('stranger');
select is(pg_temp.visible('messages'), '0', 'MSG-06 a stranger does not');
select is(pg_temp.attempt($$insert into messages (conversation_id, sender_id, content)
    select id, pg_temp.id('stranger'), 'hello' from talk$$), '42501', 'MSG-07 or write there');
select pg_temp.as_anon();
select is(pg_temp.visible('messages'), '42501', 'MSG-08 nor anon');

select pg_temp.as_owner();
select private.notify(pg_temp.id('client'), 't', 'Title', 'Body', '{}');
grant all on notifications to authenticated;
select pg_temp.as_user('client');
select is(pg_temp.attempt($$update notifications set body = 'x'$$), 'column_frozen', 'NOTE-01 a notification is not rewritten');
select is(pg_temp.attempt($$insert into notifications (user_id, type, title, body)
    values (pg_temp.id('trainer'), 't', 't', 'b')$$), '42501', 'NOTE-02 or written to someone');
select is(pg_temp.attempt($$update notifications set read_at = now()$$), '1 row', 'NOTE-03 its recipient marks it read');
select is(pg_temp.attempt($$delete from notifications$$), '0 rows', 'NOTE-04 and deletes none');
select pg_temp.as_user('stranger');
select is(pg_temp.visible('notifications'), '0', 'NOTE-05 nobody else sees it');

select * from finish();
rollback;
