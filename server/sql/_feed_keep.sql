select feed_keep(:keep_ms::int8) as floor
