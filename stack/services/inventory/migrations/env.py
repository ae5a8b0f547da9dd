from meshkit.migrations import run

run()
