-- The outbound pipeline as somebody would write it by hand for these six campaigns, on the customer table of
-- customer_view: audience and eligibility, one winner per exclusive group, list effects, contact windows counted
-- laterally, and the insert of what is permitted. No reasons, no receipts, no cells beyond control, no resuming: what
-- it leaves out is what Banyan is for; what both do, both do on the same rows of the same server.
-- Each part begins with `-- part:`.

-- part: prepare
CREATE SCHEMA bench;
CREATE TABLE bench.listing (customer_id text COLLATE "C", list_name text, channel text);
CREATE TABLE bench.outcome (customer_id text COLLATE "C", outcome text, category text, at timestamptz);
CREATE TABLE bench.contact (
    contact_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id text COLLATE "C" NOT NULL,
    campaign_id text NOT NULL,
    offering_id text NOT NULL,
    category text NOT NULL,
    channel text NOT NULL,
    planned_at timestamptz NOT NULL
);
CREATE INDEX ON bench.contact (customer_id, planned_at);
CREATE TABLE bench.dispatch_order (
    contact_id bigint PRIMARY KEY,
    customer_id text COLLATE "C" NOT NULL,
    campaign_id text NOT NULL,
    offering_id text NOT NULL,
    channel text NOT NULL,
    planned_at timestamptz NOT NULL,
    state text NOT NULL
);
CREATE INDEX ON bench.listing (customer_id);
CREATE INDEX ON bench.outcome (customer_id);

-- Members of the six audiences; `first` and `second` say which of the campaign's two treatments fit.
CREATE VIEW bench.member AS
WITH customer AS (
    SELECT *,
        (real_name_verified OR real_name_verified IS NULL) AND (NOT in_arrears OR in_arrears IS NULL) AS sound,
        coalesce(NOT crbt_subscribed AND crbt_days_since_cancelled <= 180, false) AS lost
    FROM public.customer
)
SELECT customer_id, 'crbt-reactivation' AS campaign_id,
    sound AND (strpos(products, ',crbt_music_box,') = 0 OR products IS NULL) AS first,
    sound AND (strpos(products, ',crbt_tones,') = 0 OR products IS NULL) AS second,
    strpos(products, ',crbt,') > 0 AS holds_what_it_needs
FROM customer
WHERE crbt_subscribed AND crbt_days_since_download >= 31
    AND (crbt_churn_probability < 0.6 OR crbt_churn_probability IS NULL)
UNION ALL
SELECT customer_id, 'crbt-win-back',
    sound AND (strpos(products, ',crbt_annual,') = 0 OR products IS NULL)
        AND (churn_probability < 0.8 OR churn_probability IS NULL)
        AND (price_sensitivity > 1 OR price_sensitivity IS NULL),
    sound AND (strpos(products, ',crbt,') = 0 OR products IS NULL), true
FROM customer
WHERE lost
UNION ALL
SELECT customer_id, 'crbt-potential',
    sound AND (strpos(products, ',crbt,') = 0 OR products IS NULL)
        AND (strpos(products, ',crbt_pack,') = 0 OR products IS NULL),
    false, true
FROM customer
WHERE NOT crbt_subscribed AND crbt_adoption_probability >= 0.6 AND NOT lost
UNION ALL
SELECT customer_id, 'stock-trading',
    sound AND age >= 18
        AND ((strpos(products, ',stock_app,') = 0 AND strpos(products, ',stock_wap,') = 0) OR products IS NULL)
        AND (strpos(handset_capabilities, ',app,') > 0
            OR (handset_capabilities IS NULL AND handset_os IN ('android', 'ios', 'symbian', 'windows_mobile'))),
    sound AND age >= 18
        AND ((strpos(products, ',stock_app,') = 0 AND strpos(products, ',stock_wap,') = 0) OR products IS NULL)
        AND strpos(handset_capabilities, ',wap,') > 0 AND strpos(handset_capabilities, ',app,') = 0,
    true
FROM customer
WHERE strpos(tags, ',likes_finance,') > 0 OR finance_app_uses >= 1500
    OR (tags IS NULL AND finance_app_uses IS NULL AND (monthly_spend_fen >= 10000 OR average_spend_fen >= 10000))
UNION ALL
SELECT customer_id, 'mo-upgrade',
    sound AND (strpos(products, ',mo_upgrade,') = 0 OR products IS NULL) AND plan IN ('donggan', 'other'), false, true
FROM customer
WHERE (plan = 'donggan' AND data_used_mb > data_quota_mb AND data_quota_mb > 0)
    OR (plan IN ('donggan', 'other') AND data_quota_mb IS NULL AND data_used_mb > 20480)
UNION ALL
SELECT customer_id, 'call-assistant',
    sound AND (strpos(products, ',call_assistant,') = 0 OR products IS NULL)
        AND (balance_fen >= 1000 OR balance_fen IS NULL) AND (tenure_months >= 3 OR tenure_months IS NULL),
    false, true
FROM customer
WHERE (monthly_spend_fen >= 5000 OR (monthly_spend_fen IS NULL AND average_spend_fen >= 5000))
    AND (missed_calls >= 10 OR missed_calls IS NULL);

-- part: count
SELECT campaign_id, count(*) AS audience, count(*) FILTER (WHERE first OR second) AS eligible
FROM bench.member GROUP BY campaign_id;

-- part: empty
TRUNCATE bench.contact, bench.dispatch_order RESTART IDENTITY;

-- part: select_and_insert
-- :moment is when the run acts; contacts are spread over the nine hours from :opens_at on.
WITH drawn AS (
    SELECT *, abs(hashtextextended(campaign_id || customer_id, 0)) AS draw FROM bench.member
),
treated AS (
    SELECT customer_id, t.*
    FROM drawn
    JOIN (VALUES
        ('crbt-reactivation', true, 'crbt-music-box', 'crbt', 'outbound_call', 'crbt', 55200.0),
        ('crbt-reactivation', false, 'crbt-two-tones', 'crbt', 'outbound_call', 'crbt', 44240.0),
        ('crbt-win-back', true, 'crbt-annual', 'crbt', 'outbound_call', 'crbt', 172074.0),
        ('crbt-win-back', false, 'crbt-two-months', 'crbt', 'outbound_call', 'crbt', 78072.5),
        ('crbt-potential', true, 'crbt-ten-two', 'crbt', 'sms', 'crbt', 38250.0),
        ('stock-trading', true, 'stock-app-bundle', 'finance', 'sms', 'internet', 22275.0),
        ('stock-trading', false, 'stock-wap-edition', 'finance', 'sms', NULL, 4050.0),
        ('mo-upgrade', true, 'mo-upgrade', 'internet', 'sms', 'internet', 236208.0),
        ('call-assistant', true, 'call-assistant-quarter', 'assistant', 'sms', 'assistant', 99900.0)
    ) AS t (campaign_id, is_first, offering_id, category, channel, exclusive_group, score)
        ON t.campaign_id = drawn.campaign_id
        -- Of the two treatments the one drawn, unless only the other fits.
        AND t.is_first = (first AND (draw %% 2 = 0 OR NOT second OR t.campaign_id = 'stock-trading'))
    WHERE draw %% 10 <> 0 AND (first OR second) AND holds_what_it_needs
),
winners AS (
    SELECT *, row_number() OVER (
        PARTITION BY customer_id, coalesce(exclusive_group, campaign_id) ORDER BY score DESC, campaign_id
    ) AS place
    FROM treated
    WHERE NOT EXISTS (
        SELECT 1 FROM bench.listing AS l
        WHERE l.customer_id = treated.customer_id AND (l.channel IS NULL OR l.channel = treated.channel)
    )
),
ranked AS (
    SELECT *,
        row_number() OVER (PARTITION BY customer_id ORDER BY score DESC, campaign_id) AS turn,
        row_number() OVER (PARTITION BY campaign_id, channel ORDER BY score DESC, customer_id) - 1 AS slot,
        count(*) OVER (PARTITION BY campaign_id, channel) AS slots
    FROM winners
    WHERE place = 1
),
permitted AS (
    SELECT ranked.*, %(opens_at)s::timestamptz + interval '9 hours' * slot / slots AS planned_at
    FROM ranked
    CROSS JOIN LATERAL (
        SELECT
            count(*) FILTER (WHERE c.planned_at > %(moment)s::timestamptz - interval '7 days') AS week,
            count(*) FILTER (
                WHERE c.planned_at > %(moment)s::timestamptz - interval '7 days' AND c.channel = ranked.channel
            ) AS week_in_channel,
            count(*) FILTER (WHERE c.campaign_id = ranked.campaign_id) AS of_campaign,
            count(*) FILTER (WHERE c.category = ranked.category) AS of_category,
            count(*) FILTER (WHERE c.planned_at >= date_trunc('month', %(moment)s::timestamptz)) AS month,
            count(*) FILTER (WHERE c.planned_at > %(moment)s::timestamptz - interval '24 hours') AS day,
            count(*) FILTER (
                WHERE c.planned_at > %(moment)s::timestamptz - interval '14 days'
                    AND c.offering_id = ranked.offering_id AND c.channel = ranked.channel
            ) AS repeats
        FROM bench.contact AS c
        WHERE c.customer_id = ranked.customer_id AND c.planned_at > %(moment)s::timestamptz - interval '31 days'
    ) AS counted
    WHERE turn = 1  -- a day between any two contacts: of one morning's only the best
        AND week < 3 AND week_in_channel < CASE channel WHEN 'sms' THEN 2 ELSE 1 END
        AND of_campaign < 2 AND of_category < 3 AND month < 6 AND day = 0 AND repeats = 0
        AND NOT EXISTS (
            SELECT 1 FROM bench.outcome AS o
            WHERE o.customer_id = ranked.customer_id
                AND ((o.outcome = 'refused' AND o.category = ranked.category
                        AND o.at > %(moment)s::timestamptz - interval '30 days')
                    OR (o.outcome = 'complaint' AND o.at > %(moment)s::timestamptz - interval '90 days')
                    OR (o.outcome = 'opt_out' AND o.at > %(moment)s::timestamptz - interval '365 days'))
        )
),
inserted AS (
    INSERT INTO bench.contact (customer_id, campaign_id, offering_id, category, channel, planned_at)
    SELECT customer_id, campaign_id, offering_id, category, channel, planned_at FROM permitted
    RETURNING contact_id, customer_id, campaign_id, offering_id, channel, planned_at
)
INSERT INTO bench.dispatch_order (contact_id, customer_id, campaign_id, offering_id, channel, planned_at, state)
SELECT contact_id, customer_id, campaign_id, offering_id, channel, planned_at, 'waiting' FROM inserted
