"""What clients were told against what the ledger holds: sets compared in SQL; psycopg alone.

Each query returns rows (contact or subscriber, what is wrong with it).
"""

LOST = {
    "a permit the ledger does not hold as it was told": """
        SELECT v.contact_id, format('%s was told permit until %s in %s', v.client, v.expires_at, v.call)
        FROM told.verdict v LEFT JOIN contact c ON c.contact_id = v.contact_id AND c.customer_id = v.customer_id
            AND c.planned_at = v.planned_at AND c.channel = v.channel AND c.expires_at = v.expires_at
        WHERE v.verdict = 'permit' AND c.contact_id IS NULL""",
    "a permit that nobody was told of": """
        SELECT c.contact_id, format('for %s', c.customer_id) FROM contact c LEFT JOIN told.verdict v USING (contact_id)
        WHERE c.decision_id > 0 AND v.contact_id IS NULL""",
    "a suppression the ledger does not hold as it was told": """
        SELECT v.contact_id, format('%s was told %s in %s', v.client, v.rule_id, v.call)
        FROM told.verdict v LEFT JOIN suppression s ON s.contact_id = v.contact_id AND s.customer_id = v.customer_id
        WHERE v.verdict = 'suppress' AND v.rule_id <> 'governance/contact-id-reused'
            AND (s.findings::jsonb -> 0 ->> 0) IS DISTINCT FROM v.rule_id""",
    "a confirmation the ledger does not hold as it was told": """
        SELECT t.contact_id, format('%s was told confirmed, overrun %s, in %s', t.client, t.is_overrun, t.call)
        FROM told.state t LEFT JOIN contact c ON c.contact_id = t.contact_id
            AND c.state = 'confirmed' AND c.is_overrun = t.is_overrun
        WHERE t.state = 'confirmed' AND c.contact_id IS NULL""",
    "a release the ledger does not hold": """
        SELECT t.contact_id, format('%s was told released in %s', t.client, t.call)
        FROM told.state t LEFT JOIN contact c ON c.contact_id = t.contact_id
            AND (c.state = 'released' OR c.state = 'confirmed' AND c.is_overrun)
        WHERE t.state = 'released' AND c.contact_id IS NULL""",
    "a contact that was told to be unknown after its verdict had been told": """
        SELECT t.contact_id, format('%s was told unknown in %s', t.client, t.call) FROM told.state t
        WHERE t.state = 'unknown' AND t.sent_at > (
            SELECT min(v.told_at) FROM told.verdict v
            WHERE v.contact_id = t.contact_id AND v.rule_id IS DISTINCT FROM 'governance/contact-id-reused')""",
    "a confirmation that was acknowledged and did not happen": """
        SELECT t.contact_id, format('%s was told %s in %s', t.client, t.state, t.call) FROM told.state t
        WHERE t.kind = 'confirm' AND t.state NOT IN ('confirmed', 'unknown')
           OR t.kind = 'release' AND t.state NOT IN ('released', 'confirmed', 'suppressed', 'unknown')""",
    "an opt-out that is not on the list": """
        SELECT o.customer_id, format('%s in %s', o.client, o.call)
        FROM told.opt_out o LEFT JOIN list_entry e ON e.customer_id = o.customer_id AND e.list_name = 'opt_out'
        WHERE e.customer_id IS NULL""",
    "an outcome that was taken over and is not there": """
        SELECT o.customer_id, format('%s in %s', o.client, o.call)
        FROM told.opt_out o LEFT JOIN outcome k ON k.contact_id = o.contact_id AND k.outcome = 'opt_out'
        WHERE o.kind = 'outcome' AND k.contact_id IS NULL""",
    "an opt-out of which no event told": """
        SELECT o.customer_id, format('%s in %s', o.client, o.call)
        FROM told.opt_out o LEFT JOIN told.event e USING (customer_id) WHERE e.customer_id IS NULL""",
    "an event that was never published": "SELECT event_id, event_type FROM outbox",
    "an answer that does not fit its question": """
        SELECT call, code FROM told.fault WHERE code LIKE 'answers-%'""",
}
DUPLICATED = {
    "two different verdicts on one contact": """
        SELECT contact_id, string_agg(DISTINCT concat_ws(' ', verdict, expires_at, rule_id), ' / ') FROM told.verdict
        WHERE rule_id IS DISTINCT FROM 'governance/contact-id-reused'
        GROUP BY contact_id
        HAVING min(verdict) <> max(verdict) OR min(customer_id) <> max(customer_id)
            OR min(expires_at) <> max(expires_at) OR min(rule_id) <> max(rule_id)""",
    "two rows of one contact": """
        SELECT contact_id, count(*)::text FROM (
            SELECT contact_id FROM contact WHERE decision_id > 0
            UNION ALL SELECT contact_id FROM suppression) AS rows_of_both
        GROUP BY contact_id HAVING count(*) > 1""",
    "a contact made without permission, twice, or without a suppression": """
        SELECT c.contact_id, c.state FROM contact c LEFT JOIN suppression s USING (contact_id)
        WHERE c.decision_id = 0 AND s.contact_id IS NULL OR c.contact_id IN (
            SELECT contact_id FROM contact GROUP BY contact_id HAVING count(*) > 1)""",
    "an event applied twice": """
        SELECT o.customer_id, format('%s events', count(DISTINCT e.event_id))
        FROM told.opt_out o JOIN told.event e USING (customer_id)
        WHERE o.kind = 'outcome' GROUP BY o.customer_id HAVING count(DISTINCT e.event_id) > 1""",
}
BREACHES = {
    "flagged as an overrun without cause": """
        SELECT contact_id, format('contacted %s, place until %s', contacted_at, expires_at) FROM contact
        WHERE is_overrun AND decision_id > 0 AND contacted_at < expires_at AND released_after IS NULL""",
    "confirmed after its place was gone, and not flagged": """
        SELECT contact_id, format('contacted %s, place until %s', contacted_at, expires_at) FROM contact
        WHERE state = 'confirmed' AND NOT is_overrun
            AND (contacted_at >= expires_at OR released_after IS NOT NULL OR decision_id = 0)""",
    "permitted although the opt-out had been acknowledged before anybody asked": """
        SELECT v.contact_id, format('%s opted out at %s', v.customer_id, min(o.told_at))
        FROM told.verdict v JOIN told.opt_out o USING (customer_id)
        WHERE o.kind = 'list_put' AND v.verdict = 'permit'
        GROUP BY v.contact_id, v.customer_id
        HAVING (SELECT min(first.sent_at) FROM told.verdict first WHERE first.contact_id = v.contact_id)
            > min(o.told_at)""",
}
COUNTERS = """
    SELECT rule_id, starts_at, used, recount_at FROM capacity_counter"""
LEDGER = """
    SELECT c.contact_id, c.customer_id, c.channel, c.category, c.purpose, c.direction, c.planned_at, c.zone, c.state,
        c.expires_at, c.contacted_at, c.is_overrun, c.decision_id, d.decided_at, c.released_after, c.confirmed_after
    FROM contact c LEFT JOIN decision d USING (decision_id) ORDER BY c.customer_id"""
LOGS = """
    SELECT v.contact_id, v.customer_id, v.channel, v.category, v.purpose, v.direction, v.planned_at, v.zone,
        min(v.told_at), min(v.expires_at),
        (SELECT min(sent_at) FROM told.state t WHERE t.contact_id = v.contact_id AND t.kind = 'release'),
        (SELECT bool_or(t.state = 'confirmed' AND NOT t.is_overrun) FROM told.state t WHERE t.contact_id = v.contact_id)
    FROM told.verdict v WHERE v.verdict = 'permit'
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY v.customer_id"""
FIGURES = {
    "faults": "SELECT code, count(*) FROM told.fault GROUP BY 1 ORDER BY 2 DESC",
    "suppressed by": "SELECT rule_id, count(*) FROM told.verdict WHERE rule_id IS NOT NULL GROUP BY 1 ORDER BY 2 DESC",
    "contacts": """
        SELECT CASE WHEN is_overrun THEN 'overrun' WHEN state = 'reserved' THEN 'reserved or lapsed' ELSE state END,
            count(*) FROM contact GROUP BY 1 ORDER BY 2 DESC""",
    "answers": """
        SELECT kind || ' told ' || state, count(*) FROM told.state GROUP BY 1 ORDER BY 2 DESC""",
    "opt-outs": "SELECT kind, count(*) FROM told.opt_out GROUP BY 1",
    "times a verdict was told": """
        SELECT least(times, 5)::text, count(*)
        FROM (SELECT count(*) AS times FROM told.verdict GROUP BY contact_id) AS each GROUP BY 1 ORDER BY 1""",
}
