select intact, checked, first_broken, head, at from feed_verify()
