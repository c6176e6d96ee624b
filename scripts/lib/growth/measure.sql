-- How each list is read and how long it takes, planning included, inside the server: as the role and with the claims of
-- its reader, as PostgREST sets them.
create table growth.measurements (size bigint, place integer, listed bigint, milliseconds numeric, scans text,
  reads_all boolean, primary key (size, place));

create function growth.milliseconds(query text, runs integer) returns numeric language plpgsql as $$
declare
  started timestamptz;
  taken numeric[] := '{}';
  answer json;
begin
  for run in -4..runs loop
    started := clock_timestamp();
    execute query into answer;
    if run > 0 then  -- else it warms up
      taken := taken || extract(epoch from clock_timestamp() - started) * 1000;
    end if;
  end loop;
  return (select percentile_cont(0.5) within group (order by t) from unnest(taken) as t);
end
$$;

create procedure growth.measure(size bigint, runs integer) language plpgsql as $$
declare
  list growth.lists;
  answer text;
  plan json;
  listed bigint;
  took numeric;
begin
  for list in select * from growth.lists order by place loop
    -- As PostgREST does.
    answer := format('select coalesce(json_agg(listed), ''[]'') from (%s) as listed', list.query);
    perform set_config('request.jwt.claims', json_build_object('sub', list.person, 'role', list.role)::text, true),
      set_config('request.headers', list.headers::text, true), set_config('role', list.role, true);
    execute 'explain (format json) ' || list.query into plan;
    execute format('select json_array_length(answer) from (%s) as answers (answer)', answer) into listed;
    took := growth.milliseconds(answer, case when growth.milliseconds(answer, 1) > 100 then 5 else runs end);
    perform set_config('role', 'none', true);
    insert into growth.measurements
      select measure.size, list.place, listed, took,
        string_agg(distinct coalesce(node ->> 'Index Name',
            node ->> 'Node Type' || ' on ' || (node ->> 'Relation Name')), ', ')
          filter (where node ->> 'Node Type' <> 'Bitmap Heap Scan'),
        bool_or(node ->> 'Node Type' = 'Seq Scan')
      from jsonb_path_query(plan::jsonb, 'strict $.** ? (exists (@."Relation Name") || exists (@."Index Name"))') node;
    commit;
  end loop;
end
$$;

create function growth.report(small bigint, large bigint)
returns table (place integer, family text, list text, reader text, listed bigint, small_ms numeric, large_ms numeric,
  ratio numeric, fault text, scans text)
language sql as $$
  select l.place, l.family, l.list, l.reader, b.listed, round(a.milliseconds, 2), round(b.milliseconds, 2),
    round(b.milliseconds / a.milliseconds, 2),
    concat_ws(', ', case when a.listed = 0 or b.listed = 0 then 'empty' end,
      case when a.reads_all or b.reads_all then 'seq scan' end,
      -- A difference that small is noise.
      case when b.milliseconds > 1.5 * a.milliseconds and b.milliseconds > a.milliseconds + 0.2 then 'grows' end),
    b.scans
  from growth.lists l join growth.measurements a using (place) join growth.measurements b using (place)
  where a.size = small and b.size = large
$$;
