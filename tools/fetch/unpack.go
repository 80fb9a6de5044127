package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
)

// unpack takes one program out of an archive, whose kind is in its name, and makes file of it.
func unpack(archive, name, program, file string) error {
	open := fromTar
	if strings.HasSuffix(name, ".zip") {
		open = fromZip
	}
	found := false
	err := open(archive, func(member string, content io.Reader) error {
		if found || path.Base(member) != program {
			return nil
		}
		found = true
		return write(file, content)
	})
	if err == nil && !found {
		err = fmt.Errorf("there is no file %s in it", program)
	}
	if err != nil {
		return fmt.Errorf("unpack %s: %w", name, err)
	}
	return nil
}

// write makes an executable file that appears when it is complete.
func write(file string, content io.Reader) error {
	out, err := os.OpenFile(file+".part", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	_, err = io.Copy(out, content)
	if err := errors.Join(err, out.Close()); err != nil {
		return err
	}
	return os.Rename(out.Name(), file)
}

func fromZip(archive string, each func(string, io.Reader) error) error {
	reader, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer reader.Close()
	for _, member := range reader.File {
		if !member.Mode().IsRegular() {
			continue
		}
		content, err := member.Open()
		if err != nil {
			return err
		}
		err = each(member.Name, content)
		content.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func fromTar(archive string, each func(string, io.Reader) error) error {
	packed, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer packed.Close()
	plain, err := gzip.NewReader(packed)
	if err != nil {
		return err
	}
	members := tar.NewReader(plain)
	for {
		header, err := members.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		if err := each(header.Name, members); err != nil {
			return err
		}
	}
}
