// Asks two Go engines the question that wedgate's benchmark asks: which of four regions are closed at each instant?
//
// Alertmanager's timeinterval is asked as its `mute_time_intervals` are; robfig/cron as sync windows are evaluated by
// tools that have only a cron line and a duration: the last start before the instant is looked for by walking on from
// a window's length before it. Both get one interval for each market, in the market's own zone.
//
// usage: peers ENGINE CALENDAR < instants
//
// CALENDAR is a text with a line for each rule of a region: REGION ZONE WEEKDAY START END (minutes of the day; the end
// is excluded). Each line of the standard input is an instant in seconds since 1970. It prints how many answers were
// closed, and the nanoseconds that answering took, reading and compiling left out.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/timeinterval"
	"github.com/robfig/cron/v3"
)

type rule struct {
	region, zone, weekday string
	start, end            int
}

// engine says whether a region is closed at an instant.
type engine func(region int, instant time.Time) bool

func main() {
	rules, regions := readRules(os.Args[2])
	var closed engine
	switch os.Args[1] {
	case "alertmanager":
		closed = alertmanager(rules, regions)
	case "cron":
		closed = cronWindows(rules, regions)
	default:
		panic("engines: alertmanager, cron")
	}
	instants := readInstants()
	began := time.Now()
	count := 0
	for _, instant := range instants {
		for region := range regions {
			if closed(region, instant) {
				count++
			}
		}
	}
	fmt.Println(count, time.Since(began).Nanoseconds())
}

func alertmanager(rules []rule, regions []string) engine {
	intervals := make([][]timeinterval.TimeInterval, len(regions))
	for _, each := range rules {
		text := fmt.Sprintf("weekdays: ['%s']\nlocation: %s\ntimes:\n- start_time: '%s'\n  end_time: '%s'\n",
			each.weekday, each.zone, clock(each.start), clock(each.end))
		var interval timeinterval.TimeInterval
		if err := unmarshal(text, &interval); err != nil {
			panic(err)
		}
		region := indexOf(regions, each.region)
		intervals[region] = append(intervals[region], interval)
	}
	return func(region int, instant time.Time) bool {
		for _, interval := range intervals[region] {
			if interval.ContainsTime(instant) {
				return true
			}
		}
		return false
	}
}

type window struct {
	schedule cron.Schedule
	length   time.Duration
}

func cronWindows(rules []rule, regions []string) engine {
	windows := make([][]window, len(regions))
	for _, each := range rules {
		line := fmt.Sprintf("CRON_TZ=%s %d %d * * %s", each.zone, each.start%60, each.start/60, each.weekday[:3])
		schedule, err := cron.ParseStandard(line)
		if err != nil {
			panic(err)
		}
		region := indexOf(regions, each.region)
		length := time.Duration(each.end-each.start) * time.Minute
		windows[region] = append(windows[region], window{schedule, length})
	}
	return func(region int, instant time.Time) bool {
		for _, each := range windows[region] {
			// The first start after (instant - length) is not after the instant: the window is open.
			if !each.schedule.Next(instant.Add(-each.length)).After(instant) {
				return true
			}
		}
		return false
	}
}

func readRules(path string) (rules []rule, regions []string) {
	content, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(content)), "\n") {
		fields := strings.Fields(line)
		start, _ := strconv.Atoi(fields[3])
		end, _ := strconv.Atoi(fields[4])
		rules = append(rules, rule{fields[0], fields[1], fields[2], start, end})
		if indexOf(regions, fields[0]) < 0 {
			regions = append(regions, fields[0])
		}
	}
	return rules, regions
}

func readInstants() (instants []time.Time) {
	scanner := bufio.NewScanner(os.Stdin)
	for scanner.Scan() {
		seconds, err := strconv.ParseInt(scanner.Text(), 10, 64)
		if err != nil {
			panic(err)
		}
		instants = append(instants, time.Unix(seconds, 0).UTC())
	}
	return instants
}

func clock(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

func indexOf(words []string, word string) int {
	for index, each := range words {
		if each == word {
			return index
		}
	}
	return -1
}
