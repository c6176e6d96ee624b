-- Threat: a user makes themself a host, an admin or premium, and everything that follows from it.
\ir support/people.psql
select plan(17);

select is((select count(*) from profiles where role = 'client' and not is_premium
    and id in (select pg_temp.id(name) from unnest(array['client', 'other_client', 'stranger']) as name)), 3::bigint,
  'ROLE-01 a profile made at sign-up is a client, whatever the user metadata says');

select pg_temp.as_user('client');
select is(pg_temp.attempt($$update profiles set role = 'trainer' where id = pg_temp.id('client')$$), '42501',
  'ROLE-02 a user cannot set their own role');
select is(pg_temp.attempt($$update profiles set is_premium = true where id = pg_temp.id('client')$$), '42501',
  'ROLE-03 a user cannot set their own plan');
select is(pg_temp.attempt($$update profiles set full_name = 'X', role = 'admin' where id = pg_temp.id('client')$$),
  '42501', 'ROLE-04 not even along with an allowed column');
select is(pg_temp.attempt($$insert into profiles (id, role) values (gen_random_uuid(), 'admin')$$), '42501',
  'ROLE-05 a user cannot insert a profile');
select is(pg_temp.attempt($$delete from profiles where id = pg_temp.id('client')$$), '42501',
  'ROLE-06 a user cannot delete their profile to get a new one');
select is(pg_temp.attempt($$update profiles set full_name = 'X' where id = pg_temp.id('trainer')$$), '0 rows',
  'ROLE-07 a user cannot change the profile of a contact');
select is(pg_temp.attempt($$update profiles set full_name = 'X' where id = pg_temp.id('client')$$), '1 row',
  'ROLE-08 a user changes their own name');
select is(pg_temp.visible($$profiles where id = pg_temp.id('stranger')$$), '0',
  'ROLE-09 a user does not see the profile of a stranger');
select is(pg_temp.visible($$profiles where id in (pg_temp.id('client'), pg_temp.id('trainer'))$$), '2',
  'ROLE-10 a user sees their own profile and those of their contacts');
select is(pg_temp.attempt($$insert into private.host_roles values ('client')$$), '42501',
  'ROLE-11 a user cannot make their role a host role');

select pg_temp.as_user('admin');
select is(pg_temp.attempt($$update profiles set is_premium = true where id = pg_temp.id('admin')$$), '42501',
  'ROLE-12 an admin cannot change their own either');

select pg_temp.as_anon();
select is(pg_temp.visible('profiles'), '42501', 'ROLE-13 anon reads no profile');

-- @supabase/lite grants all on every table to the API roles: the trigger and the policies must do alone.
select pg_temp.as_owner();
grant all on profiles to anon, authenticated;
select pg_temp.as_user('client');
select is(pg_temp.attempt($$update profiles set role = 'trainer' where id = pg_temp.id('client')$$), 'role_frozen',
  'ROLE-14 without column grants the trigger refuses a role');
select is(pg_temp.attempt($$update profiles set is_premium = true where id = pg_temp.id('client')$$), 'plan_frozen',
  'ROLE-15 and a plan');
select is(pg_temp.attempt($$insert into profiles (id, role) values (gen_random_uuid(), 'admin')$$), 'role_frozen',
  'ROLE-16 and a new profile with a role');

select pg_temp.as_service();
select is(pg_temp.attempt($$update profiles set role = 'tutor' where id = pg_temp.id('stranger')$$), '1 row',
  'ROLE-17 the service sets roles');

select * from finish();
rollback;
