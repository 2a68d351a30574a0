"""The form in which a rule is built in the browser: rows and groups as typed, to and from the condition they say."""
