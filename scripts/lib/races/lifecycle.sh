# Sourced by scripts/lib/database-races.sh: hosts that start a session while they call it off.

# Each transaction does the one or the other to one of 20 sessions, all on a few connections more than those: every
# session is wanted both ways at the same moment.
race_lifecycle() {
  local starts cancels
  starts=$(mktemp)
  cancels=$(mktemp)
  sql "create table race_moves (session uuid, wanted text, outcome text);
    grant insert on race_moves to authenticated;
    create function race_move(session uuid, wanted text) returns text language plpgsql as \$\$
    begin
      update public.video_sessions s set status = wanted where s.id = session;
      return case when found then 'moved' else 'unseen' end;
    exception when sqlstate 'PGRST' then
      return sqlerrm::json ->> 'code';
    end \$\$;
    insert into video_sessions (id, host_id, provider, title, scheduled_start, duration_minutes, join_url)
      select md5('race ' || n)::uuid, '$TRAINER', 'manual', 'Race', now() + interval '1 day', 30,
        'https://video.example/x' from generate_series(1, 20) as n"
  local file wanted
  for wanted in live cancelled; do
    if [ "$wanted" = live ]; then file=$starts; else file=$cancels; fi
    cat >"$file" <<SQL
\\set n random(1, 20)
begin;
$(act_as "$HOST")
insert into race_moves
  select id, '$wanted', race_move(id, '$wanted') from (values (md5('race ' || :n)::uuid)) as picked (id);
commit;
SQL
  done
  race_pgbench 50 40 "$starts" "$cancels"
  rm -f "$starts" "$cancels"

  # Saying again what a session already is, is no move and no refusal.
  expect_race "2,000 starts and cancellations of 20 sessions: one of the two wins, the other is a 409" \
    "20 one way, 20 as the row says, 20 one move in the trail, 0 other answers" "$(sql "
    with sides as (
      select session, wanted, array_agg(distinct outcome) as outcomes from race_moves group by session, wanted)
    select (select count(*) from sides where outcomes = '{invalid_transition}') || ' one way, '
      || (select count(*) from sides join video_sessions s on s.id = session and s.status = wanted
          where outcomes = '{moved}') || ' as the row says, '
      || (select count(*) from (select from session_audit a join race_moves m on m.session = a.session_id
          where a.action in ('live', 'cancelled') group by a.session_id having count(distinct a.id) = 1) as moved)
      || ' one move in the trail, '
      || (select count(*) from race_moves where outcome not in ('moved', 'invalid_transition')) || ' other answers'")"
  sql "drop function race_move; drop table race_moves; delete from video_sessions where title = 'Race'"
}
