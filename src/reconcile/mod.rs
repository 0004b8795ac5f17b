//! The pure core: counts, mapping, lines, plan and guards. It never awaits, reads, writes, logs or asks the time.
