/**
 * A condition that is always true, to be met once by each statement that works on long texts. The first time in a session
 * of the server it takes 4 MiB of memory and gives them back: from then on the C library of Linux keeps what the session
 * frees, up to 8 MiB, instead of returning it to the system after each statement and being given it anew, page by page,
 * for the next. That is half of what a claim of some hundred deliveries costs. Pages of a text are repeated: `repeat` copies
 * one text after another, and four million of a single character take 10 ms.
 *
 * The session remembers it by a setting of its own name, which means nothing to anybody else.
 */
export const keepsMemory = `case coalesce(current_setting('hookwell.memory', true), '')
        when '' then octet_length(repeat(repeat(set_config('hookwell.memory', 'k', false), 4096), 1024)) > 0 else true
      end`;
