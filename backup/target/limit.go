package target

import (
	"context"

	"golang.org/x/time/rate"
)

// Limited transfers so many bytes a second on average, of all transfers together; single objects go at full speed.
func Limited(t Target, bytesPerSecond int) Target {
	if bytesPerSecond <= 0 {
		return t
	}
	return limited{t, rate.NewLimiter(rate.Limit(bytesPerSecond), bytesPerSecond)}
}

type limited struct {
	Target
	limiter *rate.Limiter
}

// wait takes n bytes, a second's worth at a time.
func (l limited) wait(ctx context.Context, n int) error {
	for n > 0 {
		some := min(n, l.limiter.Burst())
		if err := l.limiter.WaitN(ctx, some); err != nil {
			return err
		}
		n -= some
	}
	return nil
}

func (l limited) Put(ctx context.Context, name string, data []byte) error {
	if err := l.wait(ctx, len(data)); err != nil {
		return err
	}
	return l.Target.Put(ctx, name, data)
}

func (l limited) Get(ctx context.Context, name string) ([]byte, error) {
	data, err := l.Target.Get(ctx, name)
	if err == nil {
		err = l.wait(ctx, len(data))
	}
	return data, err
}
