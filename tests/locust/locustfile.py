from time import sleep

from locust import HttpUser, constant, task


class Visitor(HttpUser):
    wait_time = constant(0)
    is_done = False

    @task
    def everything_once(self):
        if self.is_done:
            sleep(60)
        self.is_done = True
        for _ in range(12):
            self.client.get("/ok")
            self.client.get("/fail")
        for _ in range(6):
            self.client.post("/ok", name="one, two")
        raise ValueError("task blew up")
