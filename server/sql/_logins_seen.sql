select logins_seen(:logins::uuid[]) as seen
