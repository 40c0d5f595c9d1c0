"""The messaging service: templates, sends, credits and consent."""
