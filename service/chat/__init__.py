"""Chat, without network and ledger: the grammar of commands, Slack's and Teams' message shapes, Slack's signature."""
