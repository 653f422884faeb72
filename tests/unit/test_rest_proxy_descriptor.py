from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool

from rest_proxy.descriptor import STATUS_FILE, for_envoy, write


def ordinary() -> FileDescriptorSet:
    described = FileDescriptorProto(name="a.proto", package="a", syntax="proto3")
    described.message_type.add(name="Message")
    described.source_code_info.location.add(leading_comments="words")
    return FileDescriptorSet(file=[described])


def test_status_has_the_message_as_its_only_field_and_calls_it_detail() -> None:
    pool = DescriptorPool()
    for file in for_envoy(ordinary()).file:
        pool.Add(file)
    (field,) = pool.FindMessageTypeByName("google.rpc.Status").fields
    assert (field.name, field.number, field.type) == ("detail", 2, field.TYPE_STRING)


def test_our_status_replaces_another() -> None:
    descriptors = ordinary()
    descriptors.file.add(name=STATUS_FILE, package="google.rpc").message_type.add(name="Status")
    statuses = [file for file in for_envoy(descriptors).file if file.name == STATUS_FILE]
    assert len(statuses) == 1
    assert statuses[0].message_type[0].field


def test_everything_else_stays_but_comments() -> None:
    first = for_envoy(ordinary()).file[0]
    assert [message.name for message in first.message_type] == ["Message"]
    assert not first.HasField("source_code_info")


def test_the_file_is_written_where_asked(tmp_path: Path) -> None:
    source, target = tmp_path / "in.binpb", tmp_path / "new" / "out.binpb"
    source.write_bytes(ordinary().SerializeToString())
    write(source, target)
    assert FileDescriptorSet.FromString(target.read_bytes()) == for_envoy(ordinary())
    assert list(target.parent.iterdir()) == [target]
