-- Threat: someone reads or writes a table in a way that nobody meant to allow. Every table, every command, every kind
-- of caller, from one table of expectations: support/access_matrix.psql.
\ir support/people.psql
\ir support/access_fixtures.psql
\ir support/access_matrix.psql
\ir support/access_statements.psql

-- In the host's name: as if the id of the host were one's own.
create temporary table forgeries as
  select s.table_name, t.family, a.actor, format('ACC-%s-forge-%s', s.table_name, a.actor) as id
  from access_statements s join access_tables t using (table_name), access_actors a
  where s.new_row like '%pg_temp.me()%' and a.actor not in ('host', 'service');

-- A statement without a WHERE needs no policy for reading: it must reach the same rows as the one with.
create temporary table unfiltered as
  select *, command || '_all' as whole_command, format('ACC-%s-%s_all-%s', table_name, command, actor) as whole_id
  from access_expectations where command in ('update', 'delete') and actor <> 'service';

select plan((3 + 2 * ((select count(*) from access_expectations) + (select count(*) from forgeries)
  + (select count(*) from unfiltered)))::integer);

select is_empty($$select c.relname, command
    from pg_class c, unnest(array['select', 'insert', 'update', 'delete']) command
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
      and not exists (select from access_matrix m where m.table_name = c.relname and m.command = command)$$,
  'ACC-complete every table and every command is in the matrix');
select is_empty($$select table_name, command, count(*) from access_expectations group by 1, 2
    having count(*) <> (select count(*) from access_actors) or bool_or(expected not in ('yes', 'none', 'no'))$$,
  'ACC-actors each with an outcome for every actor');
select is_empty($$select t.table_name from access_tables t
    where pg_temp.access_outcome(t.table_name, 'select', 'service', t.family) <> 'yes'$$,
  'ACC-fixtures there is something to find in every table');

select is(pg_temp.access_outcome(table_name, command, actor, family), expected, id)
  from access_expectations order by place, actor_place;
select is(pg_temp.access_outcome(table_name, 'insert', actor, family, 'host'), 'no', id)
  from forgeries order by id;
select is(pg_temp.access_outcome(table_name, whole_command, actor, family), expected, whole_id)
  from unfiltered order by place, actor_place;

-- What @supabase/lite does when it starts: policies and triggers have to hold alone. Then a refusal may become "there
-- is no such row", and nothing becomes a yes.
grant all on all tables in schema public to anon, authenticated;
create function pg_temp.with_grants(outcome text, expected text) returns text language sql as $$
  select case when expected = 'no' and outcome = 'none' then 'no' else outcome end
$$;
select is(pg_temp.with_grants(pg_temp.access_outcome(table_name, command, actor, family), expected), expected,
    id || ' with table grants')
  from access_expectations order by place, actor_place;
select is(pg_temp.access_outcome(table_name, 'insert', actor, family, 'host'), 'no', id || ' with table grants')
  from forgeries order by id;
select is(pg_temp.with_grants(pg_temp.access_outcome(table_name, whole_command, actor, family), expected), expected,
    whole_id || ' with table grants')
  from unfiltered order by place, actor_place;

select * from finish();
rollback;
