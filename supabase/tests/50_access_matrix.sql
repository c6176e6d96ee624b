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

-- Whoever has no row must reach none without a WHERE either. (Everyone has a profile.)
create temporary table unfiltered as
  select t.table_name, t.family, actor, format('ACC-%s-%s_all-%s', t.table_name, command, actor) as id,
    case command when 'delete' then format('delete from public.%I', t.table_name)
      else format('update public.%I set %s', t.table_name, s.change) end as statement
  from access_tables t join access_statements s using (table_name),
    unnest(array['anon', 'stranger', 'wrong_guest']) actor, unnest(array['update', 'delete']) command
  where t.table_name <> 'profiles';

select plan((3 + 2 * ((select count(*) from access_expectations) + (select count(*) from forgeries)
  + (select count(*) from unfiltered)))::integer);

select is_empty($$select c.relname, command from pg_class c, unnest(array['select', 'insert', 'update', 'delete']) command
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
      and not exists (select from access_matrix m where m.table_name = c.relname and m.command = command)$$,
  'ACC-complete every table and every command is in the matrix');
select is_empty($$select table_name, command, count(*) from access_expectations group by 1, 2
    having count(*) <> (select count(*) from access_actors) or bool_or(expected not in ('yes', 'none', 'no'))$$,
  'ACC-actors each with an outcome for every actor');
select is_empty($$select t.table_name from access_tables t
    where pg_temp.access_outcome(pg_temp.access_statement(t.table_name, 'select'), 'service', t.family) <> 'yes'$$,
  'ACC-fixtures there is something to find in every table');

select is(pg_temp.access_outcome(pg_temp.access_statement(table_name, command), actor, family), expected, id)
  from access_expectations order by place, actor_place;
select isnt(pg_temp.access_outcome(pg_temp.access_statement(table_name, 'insert'), actor, family, 'host'), 'yes', id)
  from forgeries order by id;
select isnt(pg_temp.access_outcome(statement, actor, family), 'yes', id) from unfiltered order by id;

-- What @supabase/lite does when it starts: policies and triggers have to hold alone. Then a refusal may become "there
-- is no such row", and nothing becomes a yes.
grant all on all tables in schema public to anon, authenticated;
select is(case expected when 'no' then replace(outcome, 'none', 'no') else outcome end, expected,
    id || ' with table grants')
  from access_expectations, pg_temp.access_outcome(pg_temp.access_statement(table_name, command), actor, family) outcome
  order by place, actor_place;
select isnt(pg_temp.access_outcome(pg_temp.access_statement(table_name, 'insert'), actor, family, 'host'), 'yes',
    id || ' with table grants')
  from forgeries order by id;
select isnt(pg_temp.access_outcome(statement, actor, family), 'yes', id || ' with table grants')
  from unfiltered order by id;

select * from finish();
rollback;
