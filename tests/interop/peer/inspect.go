package main

import (
	"encoding/hex"
	"fmt"
	"sort"
	"time"

	"github.com/hibiken/asynq"
)

type request struct {
	Do      string `json:"do"`
	Queue   string `json:"queue"`
	ID      string `json:"id"`
	State   string `json:"state"`
	Group   string `json:"group"`
	Entry   string `json:"entry"`
	Payload string `json:"payload"`
	Days    int    `json:"days"`
	Force   bool   `json:"force"`
}

func inspect(redis asynq.RedisConnOpt) {
	inspector := asynq.NewInspector(redis)
	defer inspector.Close()
	answerLines(func(line []byte) any {
		var r request
		parse(line, &r)
		answer, err := look(inspector, r)
		if answer == nil {
			answer, err = act(inspector, r)
		}
		if err != nil {
			return errorObject(err)
		}
		return answer
	})
}

// Nothing for what is not a question.
func look(i *asynq.Inspector, r request) (any, error) {
	switch r.Do {
	case "queues":
		queues, err := i.Queues()
		sort.Strings(queues)
		return queues, err
	case "queue":
		info, err := i.GetQueueInfo(r.Queue)
		if err != nil {
			return object{}, err
		}
		return describeQueue(info), nil
	case "history":
		days, err := i.History(r.Queue, r.Days)
		list := []object{}
		for _, day := range days {
			list = append(list, object{"date": day.Date.UTC().Format(time.DateOnly), "processed": day.Processed, "failed": day.Failed})
		}
		return list, err
	case "groups":
		groups, err := i.Groups(r.Queue)
		list := []object{}
		for _, group := range groups {
			list = append(list, object{"group": group.Group, "size": group.Size})
		}
		return list, err
	case "task":
		info, err := i.GetTaskInfo(r.Queue, r.ID)
		if err != nil {
			return object{}, err
		}
		return describeTask(info), nil
	case "list":
		tasks, err := listTasks(i, r)
		list := []object{}
		for _, task := range tasks {
			list = append(list, describeTask(task))
		}
		return list, err
	case "servers":
		servers, err := i.Servers()
		list := []object{}
		for _, server := range servers {
			list = append(list, describeServer(server))
		}
		return list, err
	case "entries":
		entries, err := i.SchedulerEntries()
		list := []object{}
		for _, entry := range entries {
			list = append(list, describeEntry(entry))
		}
		return list, err
	case "events":
		events, err := i.ListSchedulerEnqueueEvents(r.Entry)
		list := []object{}
		for _, event := range events {
			list = append(list, object{"task_id": event.TaskID, "enqueued_at": unix(event.EnqueuedAt)})
		}
		return list, err
	}
	return nil, nil
}

func listTasks(i *asynq.Inspector, r request) ([]*asynq.TaskInfo, error) {
	all := asynq.PageSize(10000)
	switch r.State {
	case "active":
		return i.ListActiveTasks(r.Queue, all)
	case "pending":
		return i.ListPendingTasks(r.Queue, all)
	case "scheduled":
		return i.ListScheduledTasks(r.Queue, all)
	case "retry":
		return i.ListRetryTasks(r.Queue, all)
	case "archived":
		return i.ListArchivedTasks(r.Queue, all)
	case "completed":
		return i.ListCompletedTasks(r.Queue, all)
	}
	return i.ListAggregatingTasks(r.Queue, r.Group, all)
}

func act(i *asynq.Inspector, r request) (any, error) {
	var err error
	n := -1
	switch r.Do {
	case "run":
		err = i.RunTask(r.Queue, r.ID)
	case "archive":
		err = i.ArchiveTask(r.Queue, r.ID)
	case "delete":
		err = i.DeleteTask(r.Queue, r.ID)
	case "cancel":
		err = i.CancelProcessing(r.ID)
	case "update":
		err = i.UpdateTaskPayload(r.Queue, r.ID, unhex(r.Payload))
	case "pause":
		err = i.PauseQueue(r.Queue)
	case "resume":
		err = i.UnpauseQueue(r.Queue)
	case "remove_queue":
		err = i.DeleteQueue(r.Queue, r.Force)
	default:
		n, err = actOnAll(i, r)
	}
	if n >= 0 {
		return object{"count": n}, err
	}
	return object{"ok": true}, err
}

func actOnAll(i *asynq.Inspector, r request) (int, error) {
	switch r.Do + " " + r.State {
	case "run_all scheduled":
		return i.RunAllScheduledTasks(r.Queue)
	case "run_all retry":
		return i.RunAllRetryTasks(r.Queue)
	case "run_all archived":
		return i.RunAllArchivedTasks(r.Queue)
	case "run_all aggregating":
		return i.RunAllAggregatingTasks(r.Queue, r.Group)
	case "archive_all pending":
		return i.ArchiveAllPendingTasks(r.Queue)
	case "archive_all scheduled":
		return i.ArchiveAllScheduledTasks(r.Queue)
	case "archive_all retry":
		return i.ArchiveAllRetryTasks(r.Queue)
	case "archive_all aggregating":
		return i.ArchiveAllAggregatingTasks(r.Queue, r.Group)
	case "delete_all pending":
		return i.DeleteAllPendingTasks(r.Queue)
	case "delete_all scheduled":
		return i.DeleteAllScheduledTasks(r.Queue)
	case "delete_all retry":
		return i.DeleteAllRetryTasks(r.Queue)
	case "delete_all archived":
		return i.DeleteAllArchivedTasks(r.Queue)
	case "delete_all completed":
		return i.DeleteAllCompletedTasks(r.Queue)
	case "delete_all aggregating":
		return i.DeleteAllAggregatingTasks(r.Queue, r.Group)
	}
	return 0, fmt.Errorf("no request %q for state %q", r.Do, r.State)
}

func describeQueue(info *asynq.QueueInfo) object {
	return object{"queue": info.Queue, "paused": info.Paused, "size": info.Size, "pending": info.Pending, "active": info.Active,
		"scheduled": info.Scheduled, "retry": info.Retry, "archived": info.Archived, "completed": info.Completed,
		"aggregating": info.Aggregating, "groups": info.Groups, "processed": info.Processed, "failed": info.Failed,
		"processed_total": info.ProcessedTotal, "failed_total": info.FailedTotal}
}

func describeTask(info *asynq.TaskInfo) object {
	headers := info.Headers
	if headers == nil {
		headers = map[string]string{}
	}
	next := int64(0)
	if info.State == asynq.TaskStateScheduled || info.State == asynq.TaskStateRetry {
		next = unix(info.NextProcessAt)
	}
	return object{"id": info.ID, "queue": info.Queue, "type": info.Type, "payload": hex.EncodeToString(info.Payload),
		"headers": headers, "state": info.State.String(), "max_retry": info.MaxRetry, "retried": info.Retried,
		"error": info.LastErr, "last_failed_at": unix(info.LastFailedAt), "timeout": int64(info.Timeout / time.Second),
		"deadline": unix(info.Deadline), "group": info.Group, "next_process_at": next, "orphaned": info.IsOrphaned,
		"retention": int64(info.Retention / time.Second), "completed_at": unix(info.CompletedAt),
		"result": hex.EncodeToString(info.Result)}
}

func describeServer(server *asynq.ServerInfo) object {
	workers := []object{}
	for _, worker := range server.ActiveWorkers {
		workers = append(workers, object{"id": worker.TaskID, "type": worker.TaskType, "queue": worker.Queue,
			"payload": hex.EncodeToString(worker.TaskPayload), "started_at": unix(worker.Started), "deadline": unix(worker.Deadline)})
	}
	return object{"id": server.ID, "host": server.Host, "pid": server.PID, "concurrency": server.Concurrency,
		"queues": server.Queues, "strict": server.StrictPriority, "status": server.Status, "started_at": unix(server.Started),
		"workers": workers}
}

func describeEntry(entry *asynq.SchedulerEntry) object {
	options := []string{}
	for _, option := range entry.Opts {
		options = append(options, option.String())
	}
	return object{"id": entry.ID, "spec": entry.Spec, "type": entry.Task.Type(),
		"payload": hex.EncodeToString(entry.Task.Payload()), "options": options, "next_at": unix(entry.Next),
		"prev_at": unix(entry.Prev)}
}
