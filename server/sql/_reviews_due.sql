select waiting, overdue from reviews_due()
