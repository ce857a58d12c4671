-- What somebody would write who needs these six policies, once, in SQL: requests come by COPY, one statement counts the
-- windows of all of them and inserts those permitted into governance's own table. It takes no locks, keeps no receipt of
-- what it suppresses, says no reason and no next moment, and knows its six policies only.
-- Moments are microseconds; 604800000000 are seven days, 86400000000 one day, 172800000000 two.

-- part: prepare
CREATE TEMPORARY TABLE asked (
    contact_id text, customer_id text, channel text, campaign_id text, offering_id text, category text, purpose text,
    direction text, planned_at bigint, zone text, priority float8, turn int
);

-- part: empty
TRUNCATE asked;

-- part: reserve
INSERT INTO contact (
    contact_id, customer_id, channel, campaign_id, offering_id, category, purpose, direction, planned_at, zone, priority,
    state, expires_at, last_at, is_overrun, note, decision_id
)
SELECT
    asked.contact_id, asked.customer_id, asked.channel, asked.campaign_id, asked.offering_id, asked.category,
    asked.purpose, asked.direction, asked.planned_at, asked.zone, asked.priority,
    'reserved', asked.planned_at + 172800000000, asked.planned_at, false, '', %(decision)s
FROM (
    SELECT
        *,
        extract(epoch FROM date_trunc('month', wall) AT TIME ZONE zone)::bigint * 1000000 AS month_start,
        extract(epoch FROM (date_trunc('month', wall) + interval '1 month') AT TIME ZONE zone)::bigint * 1000000 AS month_end
    FROM (SELECT *, to_timestamp(planned_at / 1000000) AT TIME ZONE zone AS wall FROM asked) AS placed
    WHERE turn = %(turn)s AND wall::time >= '09:00' AND wall::time < '21:00'
    ORDER BY customer_id -- neighbours in the index of the ledger
    OFFSET 0 -- or the month's limits would be worked out again for every contact that is counted
) AS asked
CROSS JOIN LATERAL (
    SELECT
        array_agg(known.planned_at) FILTER (
            WHERE known.planned_at > asked.planned_at - 604800000000
                AND known.planned_at < asked.planned_at + 604800000000
        ) AS in_weeks,
        count(*) FILTER (
            WHERE known.channel = 'outbound_call' AND asked.channel = 'outbound_call'
                AND known.planned_at > asked.planned_at - 604800000000
                AND known.planned_at < asked.planned_at + 604800000000
        ) AS calls,
        count(*) FILTER (
            WHERE known.category = asked.category
                AND known.planned_at >= asked.month_start AND known.planned_at < asked.month_end
        ) AS of_category,
        count(*) FILTER (
            WHERE known.planned_at > asked.planned_at - 86400000000
                AND known.planned_at < asked.planned_at + 86400000000
        ) AS close
    FROM contact AS known
    WHERE known.customer_id = asked.customer_id
        AND known.last_at >= least(asked.planned_at - 604800000000, asked.month_start)
        AND (known.state = 'confirmed' OR (known.state = 'reserved' AND known.expires_at > %(now)s))
        AND known.purpose = 'marketing' AND known.direction = 'outbound'
) AS used
WHERE
    close < 1 AND calls < 1 AND of_category < 2
    -- Fewer than three within a week on either side: no window holds three. Else every window is counted.
    AND CASE WHEN coalesce(cardinality(in_weeks), 0) < 3 THEN true ELSE NOT EXISTS (
        SELECT FROM unnest(in_weeks || asked.planned_at) AS began
        WHERE began <= asked.planned_at
            AND (SELECT count(*) FROM unnest(in_weeks) AS one WHERE one >= began AND one < began + 604800000000) >= 3
    ) END
    AND NOT EXISTS (
        SELECT FROM list_entry AS entry
        WHERE entry.customer_id = asked.customer_id AND entry.list_name = 'opt_out'
            AND entry.channel IN ('', asked.channel) AND entry.category IN ('', asked.category)
            AND coalesce(entry.starts_at <= asked.planned_at, true) AND coalesce(entry.ends_at > asked.planned_at, true)
    )
RETURNING contact_id
