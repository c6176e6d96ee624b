-- Helpers of scripts/bench-growth. Numbered people and sessions: a host has 20 sessions, one after the other; a client
-- and a member have 20 each, scattered; so at every size a person has the same number of rows, and there are more
-- people.
create schema growth;
grant usage on schema growth to anon, authenticated;

create function growth.id(kind integer, number bigint) returns uuid language sql immutable parallel safe as $$
  select (lpad(to_hex(kind), 8, '0') || '-0000-4000-8000-' || lpad(to_hex(number), 12, '0'))::uuid
$$;
create function growth.host(number bigint) returns uuid language sql immutable parallel safe as $$
  select growth.id(1, (number - 1) / 20)
$$;
-- The client of a session among those that came with the sessions from `first` to `last`; so is the member.
create function growth.client(number bigint, first bigint, last bigint) returns uuid
language sql immutable parallel safe as $$
  select growth.id(2, (first - 1) / 20 + number % ((last - first + 1) / 20))
$$;
create function growth.member(number bigint, first bigint, last bigint) returns uuid
language sql immutable parallel safe as $$
  select growth.id(3, (first - 1) / 20 + number * 7 % ((last - first + 1) / 20))
$$;
create function growth.guest_secret(number bigint) returns text language sql immutable parallel safe as $$
  select lpad(number::text, 32, '0')
$$;
-- Half of the sessions are over, half are to come, over sixty days; each host has some of each.
create function growth.start(number bigint) returns timestamptz language sql stable parallel safe as $$
  select now() + make_interval(mins => (number * 7919 % 86400 - 43200)::integer)
$$;
create function growth.is_over(number bigint) returns boolean language sql immutable parallel safe as $$
  select number * 7919 % 86400 < 43200
$$;
