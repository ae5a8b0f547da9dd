"""Worker: sends the mails that notifications queue, and tasks that take their time."""
