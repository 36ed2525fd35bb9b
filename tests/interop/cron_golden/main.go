// Prints what robfig/cron v3.0.1 says of specs, zones and start times: the golden file of tests/unit/core/cron_golden_test.cpp.
//
//	go run . > ../../unit/core/cron_golden.txt
//
// Lines, separated by tabs:
//
//	next  ZONE  SPEC  AFTER  T1,T2,...   the next times, in seconds since 1970; "never" when it finds none, "hangs" when
//	                                     it does not answer
//	good  SPEC                           accepted by the standard parser
//	bad   SPEC                           refused by it
//
// AFTER and the times are UTC. Specs with tabs or line ends are not in the file.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

var zones = []string{"UTC", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Tehran", "America/Sao_Paulo",
	"Asia/Kolkata", "Africa/Cairo", "Pacific/Apia", "America/St_Johns"}

var specs = []string{"* * * * *", "0 * * * *", "*/15 * * * *", "30 1 * * *", "30 2 * * *", "0 2 * * *", "15 1,2,3 * * *",
	"0 0 * * *", "0 0 1 * *", "59 23 31 12 *", "0 12 29 2 *", "0 9 * * 1-5", "0 0 13 * 5", "0 0 */2 * 5", "0 0 1-7 * *",
	"45 1 * mar,oct,nov sun", "5/10 */6 * * *", "0 0 31 * *", "0 0 30 2 *", "20 0-5/2 * * 0", "@hourly", "@daily", "@weekly",
	"@monthly", "@yearly"}

// Around the jumps of the clocks in the zones above, and at odd times.
var starts = []string{"2010-04-03T14:00:00Z", "2011-12-29T20:00:00Z", "2016-10-15T20:00:00Z", "2018-11-03T20:00:00Z",
	"2019-02-16T20:00:00Z", "2021-03-21T18:00:00Z", "2021-09-21T18:00:00Z", "2024-02-29T12:00:00Z", "2024-03-10T05:30:30Z",
	"2024-03-31T00:15:00Z", "2024-04-06T14:45:00Z", "2024-04-25T20:00:00Z", "2024-10-05T15:00:00Z", "2024-10-27T00:10:00Z",
	"2024-10-31T20:30:00Z", "2024-11-03T05:10:00Z", "2026-01-01T00:00:00Z", "2027-06-30T23:59:59Z"}

var good = []string{"* * * * *", "0 0 1 1 0", "59 23 31 12 6", "*/2 * * * *", "5/10 * * * *", "5-10/2 * * * *", "1,2,3 * * * *",
	"* * * JAN-dec SUN,sat", "? ? ? ? ?", ",5,, * * * *", ", * * * *", " * * * * * ", "@yearly", "@annually", "@monthly", "@weekly",
	"@daily", "@midnight", "@hourly", "@every 1h30m", "@every 1.5s", "@every 10ms", "@every -5s", "@every 0",
	"TZ=UTC * * * * *", "CRON_TZ=America/New_York 0 9 * * *", "TZ=Europe/London @daily", "TZ=UTC @every 5m", "TZ=UTC   @daily ",
	"* * * * mon-fri", "* * * 1/3 *", "0/59 * * * *", "00 007 * * *", "*/1 */1 */1 */1 */1", "*/100 * * * *", "*/5,7 * * * *"}

var bad = []string{"", " ", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 0 *",
	"* * * 13 *", "* * * * 7", "* * * * fri-mon", "10-5 * * * *", "*/0 * * * *", "1-2-3 * * * *", "1/2/3 * * * *", "a * * * *",
	"* * * foo *", "* * * * sund", "-1 * * * *", "1- * * * *", "/5 * * * *", "5/ * * * *", "5/-1 * * * *", "5/x * * * *",
	"* * L * *", "* * 15W * *", "* * * * 5#2", "H * * * *", "@reboot", "@Daily", "@every", "@every ", "@every x", "@every 1",
	"@every  1h", "@daily ", " @daily", "TZ=Nowhere/Land * * * * *", "CRON_TZ=Foo @daily", "TZ=UTC * * * *", "tz=UTC * * * * *",
	"1.5 * * * *", "99999999999999999999 * * * *", "*/99999999999999999999 * * * *", "** * * * *", "*5 * * * *",
	"mon * * * *", "* * * mon *", "* * * * jan"}

// Accepted by robfig/cron and refused by us, or the other way round: docs/reference/cron.md says why.
var odd = []string{"*-5 * * * *", "+5 * * * *", "TZ= * * * * *", "TZ=Local * * * * *", "@every 1d"}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for _, spec := range append(append(append([]string{}, good...), bad...), odd...) {
		verdict := "good"
		if _, err := cron.ParseStandard(spec); err != nil {
			verdict = "bad"
		}
		fmt.Fprintf(out, "%s\t%s\n", verdict, spec)
	}
	for _, zone := range zones {
		location, err := time.LoadLocation(zone)
		if err != nil {
			panic(err)
		}
		for _, spec := range specs {
			schedule, err := cron.ParseStandard("TZ=" + zone + " " + spec)
			if err != nil {
				panic(err)
			}
			for _, start := range starts {
				after, err := time.Parse(time.RFC3339, start)
				if err != nil {
					panic(err)
				}
				fmt.Fprintf(out, "next\t%s\t%s\t%d\t%s\n", zone, spec, after.Unix(), times(schedule, after.In(location)))
			}
		}
	}
}

func times(schedule cron.Schedule, after time.Time) string {
	var list []string
	for len(list) < 4 {
		found, ok := next(schedule, after)
		if !ok {
			list = append(list, "hangs")
			break
		}
		if found.IsZero() {
			break
		}
		list = append(list, fmt.Sprint(found.Unix()))
		after = found
	}
	if len(list) == 0 {
		return "never"
	}
	return strings.Join(list, ",")
}

// False when there is no answer within a second: the search never ends where a whole day is missing.
func next(schedule cron.Schedule, after time.Time) (time.Time, bool) {
	answer := make(chan time.Time, 1)
	go func() { answer <- schedule.Next(after) }()
	select {
	case found := <-answer:
		return found, true
	case <-time.After(time.Second):
		return time.Time{}, false
	}
}
