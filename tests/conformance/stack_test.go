package conformance

import (
	"context"
	"path/filepath"
	"testing"

	"go.temporal.io/sdk/client"

	"drover/providers/local"
	"drover/tests/stack"
	"drover/tests/tracer"
)

// What all tests of the package share; each works on clusters of its own.
var (
	servers   *stack.Stack
	temporals client.Client
	machines  *local.Provider
	collected *collector
)

// images that traced applications may boot; they differ in their name alone.
var images = []string{"one", "two"}

func TestMain(m *testing.M) { stack.Main(m, start) }

func start(ctx context.Context) (err error) {
	program, err := tracer.Build()
	if err != nil {
		return err
	}
	collected = newCollector()
	server, err := tracer.Listen("127.0.0.1:0", collected)
	if err != nil {
		return err
	}
	stack.AtEnd(server.Close)
	folder := filepath.Join(stack.TestDir(), "images")
	for _, name := range images {
		image := tracer.Image{Name: name, Address: server.Address, Reloads: true}
		if err := image.Make(filepath.Join(folder, name), program); err != nil {
			return err
		}
	}
	if servers, err = stack.ForTests(ctx, "stack", stack.Options{Images: folder}); err != nil {
		return err
	}
	if err := servers.StartWorker(ctx); err != nil {
		return err
	}
	if temporals, err = servers.Client(ctx); err != nil {
		return err
	}
	stack.AtEnd(func() error { temporals.Close(); return nil })
	machines, err = servers.Machines()
	return err
}
