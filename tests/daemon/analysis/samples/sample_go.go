package queue

import "errors"

type Queue struct {
	items []int
}

func (q *Queue) Take(limit int) (int, error) {
	if len(q.items) == 0 || limit < 1 {
		return 0, errors.New("empty")
	}
	for index, item := range q.items {
		if item > limit && index > 0 {
			continue
		} else if item == 0 {
			return index, nil
		}
	}
	return q.items[0], nil
}

func kind(value int) string {
	switch value {
	case 0:
		return "none"
	case 1, 2:
		return "some"
	default:
		return "many"
	}
}

func wait(done chan int, stop chan int) int {
	for {
		select {
		case value := <-done:
			return value
		case <-stop:
			return -1
		}
	}
}
