"""What a change of the rules does before it goes live: whom it gains and loses, and what that means for contacts.

- `planning`: `make_plan`: all of it, as a value of `report`; `sides`, `revisions`: both versions, from folder or git.
- `changes`: what may hold for others than before; `counting`: for how many it does, by one statement over the base.
- `sampling`, `places`, `contacts`: a sample lived through day by day, by the domains of campaigns and governance.
- `headline`, `showing`, `markdown`, `wording`: the plan for people.
"""
