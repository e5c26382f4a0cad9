select version from directory_head
