"""Chat as a caller: Slack's slash command and its buttons. docs/chat.md says how it is set up."""
