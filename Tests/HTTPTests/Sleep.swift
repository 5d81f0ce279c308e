import Glibc

/// For scripts, which run in threads of their own: a pause between bytes, or between looks at a condition.
func sleepOneMillisecond() { usleep(1000) }
