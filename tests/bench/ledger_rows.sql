-- Rows of a ledger that has been in use for two months, one statement a part; moments are microseconds.
-- Contacts are numbered from %(first)s through %(last)s in the order in which they are planned, over the sixty days
-- that end two days after %(now)s. Each belongs to one of the subscribers after %(known)s, drawn by its number's hash,
-- so a subscriber's rows lie as scattered over the table as they do in a ledger that grew day by day.

-- part: decisions
INSERT INTO decision (decided_at, rule_set)
SELECT %(now)s - 86400000000, 'before' FROM generate_series(1, (%(last)s - %(first)s) / %(batch)s + 1);

-- part: contacts
INSERT INTO contact (
    contact_id, customer_id, channel, campaign_id, offering_id, category, purpose, direction, planned_at, zone, priority,
    state, expires_at, contacted_at, last_at, is_overrun, note, decision_id, counters
)
SELECT
    substr(md5('ledger-' || number), 1, 24),
    'FJ' || lpad((%(known)s + 1 + mod(drawn, %(subscribers)s))::text, 8, '0'),
    (ARRAY['sms', 'sms', 'outbound_call', 'web'])[1 + mod(drawn / 7, 4)],
    'campaign-' || mod(drawn / 11, 20),
    'offering-' || mod(drawn / 13, 40),
    (ARRAY['music', 'news', 'finance', 'tools', 'games'])[1 + mod(drawn / 17, 5)],
    'marketing', 'outbound', planned_at, 'Asia/Shanghai', 0,
    CASE WHEN planned_at < %(now)s THEN 'confirmed' ELSE 'reserved' END,
    planned_at + 172800000000,
    CASE WHEN planned_at < %(now)s THEN planned_at END,
    planned_at, false, '', %(batches)s + 1 + (number - %(first)s) / %(batch)s, '[1, 0, 0, 0]'
FROM (
    SELECT
        number,
        hashint8(number)::bigint & 2147483647 AS drawn,
        %(now)s - 58 * 86400000000
        + (60 * 86400000000::numeric * (number - %(first)s) / (%(last)s - %(first)s + 1))::bigint AS planned_at
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS number
) AS numbered;

-- part: opt_outs
INSERT INTO list_entry (customer_id, list_name, channel, category, reason, source, author, put_at, put_after)
SELECT
    'FJ' || lpad(number::text, 8, '0'), 'opt_out', CASE WHEN mod(number, 2) = 0 THEN '' ELSE 'sms' END, '',
    'asked', 'hotline', 'bench', %(now)s - 86400000000, 0
FROM generate_series(%(known)s::bigint + 1, %(known)s::bigint + %(subscribers)s) AS number
WHERE mod(hashint8(number)::bigint & 2147483647, 100) < 3;
