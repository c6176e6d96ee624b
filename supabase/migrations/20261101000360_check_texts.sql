-- What others read of somebody, in lists and notifications, shows what it is: nothing breaks it or turns it around.

-- On one line, with something to be seen.
create or replace function private.is_visible_line(line text, longest integer)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select coalesce(char_length(line) <= longest
    and line !~ '[\u0001-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]'
    and line ~ '[^\u0020\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u180b-\u180f\u2000-\u200f\u202f\u205f-\u2064\u206a-\u206f'
      '\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]', false)
$$;
-- With line breaks and tabs, and perhaps empty; null of null.
create or replace function private.is_plain_text(value text, longest integer)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select char_length(value) <= longest
    and value !~ '[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]'
$$;
revoke execute on function private.is_visible_line(text, integer), private.is_plain_text(text, integer) from public, anon;
grant execute on function private.is_visible_line(text, integer) to anon, authenticated, service_role;
grant execute on function private.is_plain_text(text, integer) to authenticated, service_role;
